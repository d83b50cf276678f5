import { z } from 'zod'
import { defineProcess } from '../../../src/steps/define-process.ts'
import { typed } from '../../../src/steps/typed.ts'
import type { StepContext } from '../../../src/steps/work.ts'

const begun = defineProcess({ name: 'a', input: z.object({ file: z.string(), max: z.number().optional() }) })
const p = begun.step('publish', async () => ({ search: 5, feed: { url: 'x' } }))
await p.run({ fil: 'x' }) // error: 'fil' does not exist in type
await p.run({ file: 5 }) // error: Type 'number' is not assignable to type 'string'
await p.run() // error: Expected 1-2 arguments, but got 0

p.step('sum', ({ data }) => data.search + data.feed) // error: Operator '+' cannot be applied
p.step('sum', ({ data }) => data.serch) // error: Did you mean 'search'?
const store = async ({ data }: StepContext<{ search: string }>) => data.search
p.step('store', store) // error: Types of property 'search' are incompatible
p.step('forgot', data => data.search) // error: Property 'search' does not exist on type 'StepContext
begun.step('maybe', () => ({ n: 1 }), { when: () => true }).step('x', ({ data }) => data.n) // error: Property 'n' does not exist

const letter = defineProcess({ name: 'letter', input: typed<{ to: string }>() }).step('write', () => 1)
defineProcess({ name: 'order' }).step('pack', ({ start }) => start(letter, { too: 'Ada' })) // error: 'too' does not exist in type '{ to: string; }'
defineProcess({ name: 'order' }).step('pack', ({ start }) => start(letter)) // error: Expected 2-3 arguments, but got 1
