import { z } from 'zod'
import { defineProcess } from '../../../src/steps/define-process.ts'

class Account {
  id = 1
  #secret = 2
  total() { return this.#secret }
}
const p = defineProcess({ name: 'a', input: z.object({ file: z.string() }) })
async function load({ data }: { data: { file: string } }) { return { file: data.file, seen: new Set<string>() } }
type Event = { kind: 'a'; at: string } | { kind: 'b'; at: Date; size: bigint }

p.step('date', () => ({ pages: [{ id: 1, at: new Date() }] })) // error: Not JSON: $.pages[].at is a Date: return toISOString()
p.step('map', async () => new Map([['a', 1]])) // error: Not JSON: $ is a Map: return Object.fromEntries()
p.step('fn', () => ({ close() {} })) // error: Not JSON: $ has methods: return a plain object
p.step('big', async () => ({ n: 5n })) // error: Not JSON: $.n is a bigint: return String()
p.step('class', () => new Account()) // error: Not JSON: $ has methods: return a plain object
p.step('buffer', () => Buffer.from('x')) // error: Not JSON: $ is binary: write a file, return its path
p.step('promise', () => ({ a: Promise.resolve(1) })) // error: Not JSON: $.a is a Promise: await it
p.step('union', ({ data }): Event => ({ kind: 'a', at: data.file })) // error: Not JSON: $.at is a Date: return toISOString()
p.step('ref', load) // error: Not JSON: $.seen is a Set: return an array
p.step('spec', { class: class { execute() { return new Date() } } }) // error: Not JSON: $ is a Date: return toISOString()
defineProcess({ name: 'b', input: z.object({ when: z.coerce.date() }) }) // error: Not JSON: $.when is a Date: return toISOString()
p.step('chunk', ({ write }) => write(new Date())) // error: Not JSON: $ is a Date: return toISOString()
