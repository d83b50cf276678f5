import { fromPromise, setup } from 'xstate'
import { stepActor } from '../../../src/runtime/attempt/step-actor.ts'
import { defineProcess } from '../../../src/steps/define-process.ts'
import type { StepContext } from '../../../src/steps/work.ts'
import { typed } from '../../../src/steps/typed.ts'

const p = defineProcess({ name: 'a', input: typed<{ file: string }>() })
p.parallel('par', { ok: () => 1, bad: async () => ({ s: new Set([1]) }) }) // error: Not JSON: $.s is a Set: return an array
p.parallel('par', { ok: () => 1 }).step('x', ({ data }) => data.okay) // error: Property 'okay' does not exist
p.parallel('par', { ok: () => 1 }, { retry: 3 }) // error: 'retry' does not exist in type
p.parallel('par', { ok: () => 1 }).sleep('par', '1s') // error: "Step 'par' exists already"
p.each('each', () => [1, 2], () => new Date()) // error: Not JSON: $ is a Date: return toISOString()
p.each('each', ({ data }) => data, () => 1) // error: is not assignable to type
p.each('each', ({ data }) => [data.file], ({ data }) => data.toFixed()) // error: Did you mean

const child = defineProcess({ name: 'c', input: typed<{ size: number }>() }).step('x', () => 1)
p.process('child', child) // error: Expected 3 arguments, but got 2
p.process('child', child, { input: ({ data }) => ({ size: data.file }) }) // error: Type 'string' is not assignable to type 'number'

p.each('each', () => [{ size: 'x' }], child) // error: No overload matches this call

const chart = setup({ types: { input: {} as { draft: string } } }).createMachine({})
p.machine('a', chart) // error: Expected 3 arguments, but got 2
p.machine('a', chart, { input: () => ({ draft: 5 }) }) // error: Type 'number' is not assignable to type 'string'
p.machine('a', setup({ types: { output: {} as { at: Date } } }).createMachine({})) // error: Not JSON: $.at is a Date: return toISOString()
p.machine('a', fromPromise(async () => 1)) // error: Argument of type
stepActor(() => new Date()) // error: Not JSON: $ is a Date: return toISOString()
stepActor(() => 1, { retries: 3 }) // error: 'retries' does not exist in type
const asks = stepActor(({ data }: StepContext<{ words: string }>) => data.words.length)
setup({ actors: { asks } }).createMachine({ invoke: { src: 'asks', input: () => ({ words: 5 }) } }) // error: Type 'number' is not assignable to type 'string'

const dated = () => new Date()
const module = new URL('file:///x.js')
p.step('c', { module, type: typed<typeof dated>() }) // error: Not JSON: $ is a Date: return toISOString()
p.step('c', { module }, { isolate: 'worker' }) // error: Type '"worker"' is not assignable to type
p.step('c', { module, services: ['db'] }) // error: is not assignable
