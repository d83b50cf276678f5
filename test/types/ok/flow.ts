/** `data` flows from step to step without annotations. */
import { expectTypeOf } from 'expect-type'
import { z } from 'zod'
import { defineProcess } from '../../../src/steps/define-process.ts'
import type { ProcessInput, ProcessOutput, ProcessServices, ProcessStep } from '../../../src/record/definition.ts'
import { typed } from '../../../src/steps/typed.ts'
import type { StepContext } from '../../../src/steps/work.ts'

interface Db {
  query(sql: string): Promise<string[]>
}
interface Mail {
  send(to: string): Promise<void>
}
declare const db: Db, mail: Mail, flag: boolean

class Foo {
  db: Db
  label: string
  constructor(db: Db, label: string) {
    this.db = db
    this.label = label
  }
  async execute(data: { rows: string[] }) {
    return { rows: data.rows, label: this.label }
  }
}

const importDump = defineProcess({
  name: 'import-dump',
  version: '2',
  timeout: '5m',
  services: typed<{ mail: Mail }>(),
  input: z.object({ file: z.string(), max: z.coerce.number().default(3) }),
})
  .step('read', async ({ data, services, signal, progress }) => {
    progress(1, 2, 'x')
    void signal
    await services.mail.send('x')
    return { rows: [data.file, String(data.max)] }
  })
  .step('parse', ({ data }) => ({ rows: data.rows.map(row => row.trim()) }), {
    timeout: '30s',
    retry: { attempts: 5, delay: '1s', factor: 2, maxDelay: '1m', jitter: true },
  })
  .step('foo-step', { class: Foo, args: ['Bar-name'], services: ['db'] })
  .step('review', ({ data }) => ({ draft: data.label + data.rows.length }), { interrupt: true })
  .step('after', ({ data }) => {
    expectTypeOf(data.draft).toEqualTypeOf<string>()
    expectTypeOf(data['extra']).toEqualTypeOf<unknown>()
    return { draft: data.draft }
  })
  .interrupt('sign-off', { timeout: '7d', schema: z.object({ by: z.string() }) })
  .step('who', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ draft: string; by: string }>()
    return { draft: data.draft, images: [{ id: 1 }, { id: 2 }] }
  })
  .sleep('cool-off', '10m')
  .sleep('cool-off-2', ({ data }) => {
    expectTypeOf(data.images).toEqualTypeOf<{ id: number }[]>()
    return new Date()
  })
  .step('total', ({ data }) => ({ total: data.images.length }), { when: ({ data }) => data.images.length > 3 })
  .step('done', ({ data, input }) => {
    expectTypeOf(data).toEqualTypeOf<{ total: number } | { draft: string; images: { id: number }[] }>()
    expectTypeOf(input).toEqualTypeOf<{ file: string; max: number }>()
    return 'total' in data ? data.total : data.images.length
  })

expectTypeOf<ProcessInput<typeof importDump>>().toEqualTypeOf<{ file: string; max?: unknown }>()
expectTypeOf<ProcessOutput<typeof importDump>>().toEqualTypeOf<number>()
expectTypeOf<ProcessServices<typeof importDump>>().toEqualTypeOf<{ mail: Mail } & { db: Db }>()
expectTypeOf<ProcessStep<typeof importDump>>().toEqualTypeOf<
  'read' | 'parse' | 'foo-step' | 'review' | 'after' | 'sign-off' | 'who' | 'cool-off' | 'cool-off-2' | 'total' | 'done'
>()
expectTypeOf(await importDump.run({ file: 'x' }, { services: { db, mail } })).toEqualTypeOf<number>()

const p = defineProcess({ name: 'p', input: typed<{ n: number }>() })

// Interrupts
p.step('a', () => ({ a: 1, b: 'x' }), { interrupt: z.object({ b: z.boolean(), c: z.number().optional() }) }).step(
  'x',
  ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ a: number; b: boolean; c?: number | undefined }>()
  },
)
p.step('a', () => ({ a: 1 }), { interrupt: z.object({ b: z.boolean() }).optional() }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<{ a: number } | { a: number; b: boolean }>()
})
p.step('a', () => 5, { interrupt: true }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<unknown>()
})
p.step('a', () => [5], { interrupt: z.array(z.string()) }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<string[]>()
})
p.step('a', () => ({ a: 1 }), { interrupt: true }).step('x', async ({ data }: StepContext<{ a: number }>) => data)
p.step('a', () => ({ a: 1 }), { interrupt: flag }).step('x', ({ data }) => data.a)
p.interrupt('i').step('x', ({ data }) => {
  expectTypeOf(data.n).toEqualTypeOf<number>()
  expectTypeOf(data['z']).toEqualTypeOf<unknown>()
})
p.interrupt('when', { schema: z.object({ at: z.iso.datetime() }) })
  .sleep('z', ({ data }) => new Date(data.at))
  .step('x', ({ data }) => data.n)

// A skipped step hands its input on.
p.step('a', ({ data }) => ({ n: data.n + 1 }), { when: ({ data }) => data.n > 3 }).step('x', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<{ n: number }>()
})

// Options through a variable that may be undefined.
const timeout: '5m' | undefined = flag ? '5m' : undefined
p.step('a', () => 1, { timeout, retry: 3 }).step('x', ({ data }) => data.toFixed())

// Mixed and early returns, generics
p.step('id', async ({ data }) => structuredClone(data)).step('y', ({ data }) => data.n)
p.step('m', ({ data }) => (data.n > 3 ? Promise.resolve({ a: 1 }) : { b: 2 })).step('y', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<{ a: number } | { b: number }>()
  return 'a' in data ? data.a : data.b
})
p.step('m', async ({ data }) => {
  if (data.n > 3) return
  return { a: 1 }
}).step('y', ({ data }) => data?.a)

// Without a schema the first data is unknown.
const plain = defineProcess({ name: 'plain' })
  .step('a', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<unknown>()
    return 'a'
  })
  .step('b', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<string>()
    return data
  })
await plain.run(1)

/** `once` keeps the type of its work. */
export const remembering = defineProcess({ name: 'remembering' }).step('agent', async ({ once }) => {
  const page = await once('page', async ({ attempt, idempotencyKey, signal }) => ({
    attempt,
    idempotencyKey,
    aborted: signal.aborted,
  }))
  expectTypeOf(page).toEqualTypeOf<{ attempt: number; idempotencyKey: string; aborted: boolean }>()
  return once('count', () => 3, { retry: { attempts: 3 }, timeout: '30s' })
})
expectTypeOf<ProcessOutput<typeof remembering>>().toEqualTypeOf<number>()

/** `output` knows the earlier steps, and which of them may be skipped. */
export const looking = defineProcess({ name: 'looking', input: typed<{ n: number }>() })
  .step('charge', () => ({ receipt: 'r' }))
  .step('thin', () => 1, { when: ({ input }) => input.n > 1 })
  .parallel('both', { left: () => 'l', right: async ({ output }) => (await output('charge')).receipt })
  .step('end', async ({ output }) => {
    expectTypeOf(await output('charge')).toEqualTypeOf<{ receipt: string }>()
    expectTypeOf(await output('thin')).toEqualTypeOf<number | undefined>()
    expectTypeOf((await output('both')).right).toEqualTypeOf<string>()
    expectTypeOf(output).parameter(0).toEqualTypeOf<'charge' | 'thin' | 'both'>()
  })

/** A chunk of a stream is any JSON. */
export const writing = defineProcess({ name: 'writing' }).step('agent', async ({ once, write }) => {
  write('token')
  write({ tokens: 3, last: null })
  await once('page', ({ write: say }) => say(['a', 'b']))
})
