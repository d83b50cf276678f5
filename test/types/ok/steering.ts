import { expectTypeOf } from 'expect-type'
import { setup } from 'xstate'
import { z } from 'zod'
import { openClient } from '../../../src/client/index.ts'
import type { ProceedData, ProcessEvent } from '../../../src/record/definition.ts'
import { createRuntime } from '../../../src/runtime/create-runtime.ts'
import { defineProcess } from '../../../src/steps/define-process.ts'
import { fromSpecs } from '../../../src/steps/from-specs.ts'
import type { ProcessServices } from '../../../src/record/definition.ts'
import { typed } from '../../../src/steps/typed.ts'

const approval = setup({ types: { events: {} as { type: 'YES'; by: string } | { type: 'NO' } } }).createMachine({})
const p = defineProcess({ name: 'p', schedule: { cron: '@daily', timeZone: 'Europe/Berlin', missed: 'once' } })
  .step('read', () => 1, { interrupt: z.object({ by: z.string().default('me') }) })
  .step('plain', () => 1)
  .interrupt('sign', { schema: typed<{ stamp: number }>() })
  .machine('approval', approval)
expectTypeOf<ProceedData<typeof p>>().toEqualTypeOf<{ by?: string | undefined } | { stamp: number }>()
expectTypeOf<ProcessEvent<typeof p>>().toEqualTypeOf<{ type: 'YES'; by: string } | { type: 'NO' }>()
const anything = p.interrupt('more')
expectTypeOf<ProceedData<typeof anything>>().toEqualTypeOf<unknown>()

const runtime = await createRuntime({ processes: [p] })
const job = await runtime.start(p)
await job.proceed({ by: 'me' })
await job.proceed()
// What a step waits for within its work is known by its name alone.
await job.proceed({ any: 1 }, { name: 'approval' })
defineProcess({ name: 'waits' }).step('ask', async ({ waitFor, sleep }) => {
  expectTypeOf(await waitFor('a')).toEqualTypeOf<unknown>()
  expectTypeOf(await waitFor<{ by: string }>('b', { timeout: '7d' })).toEqualTypeOf<{ by: string }>()
  expectTypeOf(await waitFor('c', { schema: z.object({ n: z.string().transform(Number) }) })).toEqualTypeOf<{
    n: number
  }>()
  await sleep('d', new Date())
})
await job.send({ type: 'YES', by: 'me' })
await runtime.proceed<typeof p>(job.pid, { stamp: 1 })

// Nothing is known of a process by its pid alone.
const client = openClient()
await client.proceed('pid', { whatever: 1 })
await client.send('pid', { type: 'ANY', more: 1 })
await client.fork('pid', { from: 'anything' })
await client.fork<typeof p>('pid', { from: 'read' })

// Whatever is no literal is checked when it runs.
defineProcess({ name: process.argv[2]! })
defineProcess({ name: `a-${1}`, schedule: { every: '15m', missed: 'skip' } })

// A step that is there on a condition still says what it needs.
class Store {
  constructor(db: { q(): string }) {
    void db
  }
  execute() {
    return 1
  }
}
class Mail {
  constructor(mail: { send(): void }) {
    void mail
  }
  execute() {
    return 1
  }
}
const more = process.argv.length > 2
const spread = fromSpecs('spread', {
  store: { class: Store, services: ['db'] },
  ...(more && { mail: { class: Mail, services: ['mail'] as const } }),
})
expectTypeOf<ProcessServices<typeof spread>>().toEqualTypeOf<{ db: { q(): string } } & { mail: { send(): void } }>()
const chosen = fromSpecs('chosen', {
  store: { class: Store, services: ['db'] },
  ...(more ? { mail: { class: Mail, services: ['mail'] as const } } : {}),
})
expectTypeOf<ProcessServices<typeof chosen>>().toEqualTypeOf<{ db: { q(): string } } & { mail: { send(): void } }>()
