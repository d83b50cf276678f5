/** Steps that consist of other work. */
import { expectTypeOf } from 'expect-type'
import { assign, createMachine, setup, type InputFrom, type OutputFrom } from 'xstate'
import { z } from 'zod'
import { stepActor } from '../../../src/runtime/attempt/step-actor.ts'
import { defineProcess } from '../../../src/steps/define-process.ts'
import type { ProcessOutput, ProcessServices } from '../../../src/record/definition.ts'
import type { Settled } from '../../../src/steps/failures.ts'
import { typed } from '../../../src/steps/typed.ts'
import type { StepContext } from '../../../src/steps/work.ts'

interface Db {
  q(): string
}
const p = defineProcess({ name: 'k', input: typed<{ n: number }>() })
const make = (db: Db, options: { sizes: number[]; deep: { a: string[][] } }) => ({
  execute: async (data: { n: number }) => ({ n: data.n, s: options.sizes, q: db.q() }),
})
class Resize {
  quality: number
  constructor(quality: number) {
    this.quality = quality
  }
  async execute(data: { id: number }, { signal }: StepContext<{ id: number }>) {
    void signal
    return { id: data.id, q: this.quality }
  }
}
class Scale {
  q: number
  constructor(q: number) {
    this.q = q
  }
  execute(d: { n: number }) {
    return d.n * this.q
  }
}

// parallel
p.parallel('a', { x: () => 1 }, { when: () => true, timeout: '1h' }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<{ x: number } | { n: number }>()
  return 1
})
const par = p.parallel('par', {
  a: { factory: make, services: ['db'], args: [{ sizes: [1], deep: { a: [] } }] },
  b: { run: { class: Scale, args: [3] }, retry: 2 },
  c: async ({ data, input }) => {
    expectTypeOf(data).toEqualTypeOf<{ n: number }>()
    expectTypeOf(input).toEqualTypeOf<{ n: number }>()
    return [data.n]
  },
  d: { run: ({ data }) => data.n > 1, timeout: '1s' },
})
expectTypeOf<ProcessOutput<typeof par>>().toEqualTypeOf<{
  a: { n: number; s: number[]; q: string }
  b: number
  c: number[]
  d: boolean
}>()
expectTypeOf<ProcessServices<typeof par>>().toExtend<{ db: Db }>()
await par.run({ n: 1 }, { services: { db: { q: () => 'x' } } })
// @ts-expect-error db is missing
await par.run({ n: 1 }, { services: {} })
// @ts-expect-error wrong argument in a branch
p.parallel('par', { b: { run: { class: Scale, args: ['3'] }, retry: 2 } })

// each: items by reference, async items, object spec, readonly
const list = p.step('l', () => [{ id: 1 }])
p.step('l', () => [{ id: 1 }] as const)
  .each(
    'e',
    ({ data }) => data,
    ({ data }) => data.id,
    { concurrency: 3, retry: { attempts: 3 } },
  )
  .step('x', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<1[]>()
    return data
  })
list
  .each('e', async ({ data }) => data, { class: Resize, args: [5] })
  .step('x', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ id: number; q: number }[]>()
    return data
  })
async function resize({ data }: StepContext<{ id: number }>) {
  return `${data.id}`
}
list
  .each('e', ({ data }) => data, resize, { when: () => true })
  .step('x', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<string[] | { id: number }[]>()
    return data
  })

// process
const kid = defineProcess({
  name: 'kid',
  input: z.object({ n: z.number(), x: z.string().default('x') }),
  services: typed<{ db: Db }>(),
}).step('z', ({ data }) => ({ z: data.x }))
const parent = p.process('k1', kid).step('x', ({ data }) => data.z)
expectTypeOf<ProcessServices<typeof parent>>().toExtend<{ db: Db }>()
expectTypeOf<ProcessOutput<typeof parent>>().toEqualTypeOf<string>()
p.process('k1', kid, { input: async ({ data }) => ({ n: data.n, x: 'y' }), timeout: '1h' }).step(
  'x',
  ({ data }) => data.z,
)
p.process('k1', kid, { when: () => true }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<{ z: string } | { n: number }>()
  return 1
})

// machine
const chart = setup({
  types: { input: {} as { draft: string }, output: {} as { approved: boolean }, context: {} as { draft: string } },
}).createMachine({
  context: ({ input }) => ({ draft: input.draft }),
  initial: 'b',
  states: { b: { type: 'final' } },
  output: { approved: true },
})
const bare = createMachine({ initial: 'a', states: { a: { type: 'final' } } })
const optional = setup({ types: { input: {} as { n?: number } | undefined, output: {} as number } }).createMachine({})
const m = defineProcess({ name: 'm', input: typed<{ file: string }>() })
m.machine('a', chart, { input: ({ data }) => ({ draft: data.file }), timeout: '5m', strict: true }).step(
  'x',
  ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<OutputFrom<typeof chart>>()
    return 1
  },
)
const think = stepActor(
  async ({ data, services }: StepContext<{ words: string }, { db: Db }>) => ({ reply: services.db.q() + data.words }),
  { retry: { attempts: 3, delay: '1s' }, timeout: '1m' },
)
expectTypeOf<OutputFrom<typeof think>>().toEqualTypeOf<{ reply: string }>()
expectTypeOf<InputFrom<typeof think>>().toEqualTypeOf<{ words: string }>()
setup({ types: { context: {} as { said: string } }, actors: { think } }).createMachine({
  context: { said: '' },
  invoke: {
    src: 'think',
    input: ({ context }) => ({ words: context.said }),
    onDone: { actions: assign({ said: ({ event }) => event.output.reply }) },
  },
})
stepActor({ module: new URL('file:///x.js') }, { isolate: 'process' })
stepActor({ class: Resize, args: [1] })
m.machine('a', bare)
defineProcess({ name: 'any' }).machine('a', bare)
m.machine('a', optional, { input: () => ({}), when: () => true }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<number | { file: string }>()
  return data
})

// modules
const crunch = ({ data }: StepContext<{ n: number }>) => ({ crunched: data.n })
const apart = { module: new URL('file:///crunch.js'), export: 'crunch', type: typed<typeof crunch>() }
p.step('c', apart, { isolate: 'thread', retry: 2 }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<{ crunched: number }>()
  return data.crunched
})
p.step('c', { module: new URL('file:///crunch.js') }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<unknown>()
  return 1
})
p.parallel('p', { a: { run: apart, isolate: 'process' } }).step('x', ({ data }) => data.a.crunched)

// Failures that are kept: the form of Promise.allSettled
const kept = p
  .each(
    'each',
    () => ['a'],
    () => 1,
    { onFailure: 'keep', tolerate: '10%' },
  )
  .parallel('both', { a: () => 'x', b: { run: () => true } }, { onFailure: 'keep', tolerate: 1 })
  .step('read', async ({ data, output }) => {
    expectTypeOf(data).toEqualTypeOf<{ a: Settled<string>; b: Settled<boolean> }>()
    expectTypeOf(await output('each')).toEqualTypeOf<Settled<number>[]>()
    return data.a.status === 'fulfilled' ? data.a.value : data.a.error.message
  })
expectTypeOf<ProcessOutput<typeof kept>>().toEqualTypeOf<string>()
const stopped = p.each(
  'each',
  () => ['a'],
  () => 1,
  { onFailure: 'stop' },
)
expectTypeOf<ProcessOutput<typeof stopped>>().toEqualTypeOf<number[]>()

// A process for each item
const inner = defineProcess({ name: 'inner', input: typed<{ id: number }>(), services: typed<{ db: Db }>() }).step(
  'x',
  ({ data }) => `${data.id}`,
)
const outer = p
  .each('all', ({ data }) => [{ id: data.n }], inner, { concurrency: 3 })
  .each('kept', async () => [{ id: 1 }], inner, { onFailure: 'keep', when: () => true })
expectTypeOf<ProcessOutput<typeof outer>>().toEqualTypeOf<Settled<string>[] | string[]>()
expectTypeOf<ProcessServices<typeof outer>>().toExtend<{ db: Db }>()
