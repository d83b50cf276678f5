import test from 'ava'
import { assign, setup } from 'xstate'
import { createRuntime, defineProcess, openClient, type Runtime, type RuntimeEvents } from '../../src/index.ts'
import type { Store } from '../../src/store/store.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { wrappedStore } from '../runtime/wrapped-store.ts'

const asking = defineProcess({ name: 'asking' })
  .step('first', () => ({ n: 1 }))
  .interrupt('ask')
  .interrupt('ask-again')

async function paused(runtime: Runtime): Promise<string> {
  const { pid } = await runtime.start(asking)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  return pid
}

test('a command that was kept and cannot be done is told by the host, and in the log of its process', async t => {
  // Interrupted processes do not keep Node alive.
  const awake = setInterval(() => {}, 1_000)
  t.teardown(() => clearInterval(awake))
  const inner = memoryStore()
  let gate = Promise.resolve()
  const store = wrappedStore(
    host => ({
      async *adopt(accept, skip) {
        await gate
        yield* host.adopt(accept, skip)
      },
    }),
    inner,
  )
  const warnings: object[] = []
  const logger = { debug() {}, info() {}, warn: (fields: object) => void warnings.push(fields), error() {} }
  const one = await createRuntime({ processes: [asking], store: inner })
  const two = await createRuntime({ processes: [asking], store, logger })
  const { promise, resolve } = Promise.withResolvers<void>()
  gate = promise
  const [twice, over] = [await paused(one), await paused(one)]
  await one.close()
  const client = openClient(inner)
  t.is(await client.proceed(twice, { by: 'ada' }), 'kept')
  t.is(await client.proceed(twice, { by: 'bob' }), 'kept')
  t.is(await client.cancel(over), 'kept')
  t.is(await client.proceed(over), 'kept')

  const told: RuntimeEvents['command-refused'][] = []
  const both = new Promise<void>(done => {
    two.on('command-refused', event => {
      if (told.push(event) === 2) done()
    })
  })
  resolve()
  await both
  const codes = new Map(told.map(({ pid, type, code }) => [pid, [type, code]]))
  t.deepEqual(codes.get(twice), ['proceed', 'ERR_NOT_INTERRUPTED'])
  t.deepEqual(codes.get(over), ['proceed', 'ERR_ALREADY_ENDED'])
  t.is(warnings.length, 2)
  t.like(warnings[0], { host: (await two.get(twice))?.host?.id })
  for (const { pid, message } of told) {
    for (;;) {
      const [entry] = await Array.fromAsync(client.logs(pid))
      if (entry === undefined) continue
      t.is(entry.step, 'ask')
      t.is(entry.message, `A proceed that was kept for process ${pid} cannot be done: ${message}`)
      break
    }
  }
  t.is((await client.get(twice))?.steps.find(({ name }) => name === 'ask-again')?.status, 'interrupted')
  await client.close()
  await two.close()
})

const counting = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'ADD' } | { type: 'DONE' } },
}).createMachine({
  context: { n: 0 },
  initial: 'open',
  states: {
    open: { on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) }, DONE: 'done' } },
    done: { type: 'final' },
  },
  output: ({ context }) => context.n,
})

test('a command that was applied and not answered is not applied again by the next host', async t => {
  const inner = memoryStore()
  const { documents } = inner
  const dying: Store = {
    ...wrappedStore(() => ({}), inner),
    documents: {
      list: (collection, isWanted) => documents.list(collection, isWanted),
      get: (collection, name) => documents.get(collection, name),
      put: (collection, name, content) => documents.put(collection, name, content),
      delete: async () => false,
    },
  }
  const definition = defineProcess({ name: 'counts' }).machine('count', counting)
  const one = await createRuntime({ processes: [definition], store: dying })
  const { pid } = await one.start(definition)
  const client = openClient(inner)
  for await (const { steps } of client.watch(pid)) if (steps[0]?.state === 'open') break
  const sent = client.send(pid, { type: 'ADD' })
  for await (const { revision } of client.watch(pid))
    if ((await client.history(pid))[revision - 1]?.event.command !== undefined) break
  await one.close()
  const two = await createRuntime({ processes: [definition], store: inner })
  t.is(await sent, 'taken')
  await client.send(pid, { type: 'DONE' })
  t.is(await client.result(pid), 1)
  await client.close()
  await two.close()
})
