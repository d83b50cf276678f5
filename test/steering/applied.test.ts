import test from 'ava'
import { assign, setup } from 'xstate'
import { createRuntime, defineProcess, openClient, type StandardSchemaV1, type Store } from '../../src/index.ts'
import type { ProcessRecord } from '../../src/record/record.ts'
import type { Documents } from '../../src/store/documents.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { gate } from '../runtime/gate.ts'
import { wrappedStore } from '../runtime/wrapped-store.ts'

// Interrupted processes do not keep Node alive.
const awake = setInterval(() => {}, 1_000)
test.after.always(() => clearInterval(awake))

/** A store whose documents, and whose hosts, do things in another way. */
function withDocuments(
  inner: Store,
  change: Partial<Documents>,
  changeHost: Parameters<typeof wrappedStore>[0] = () => ({}),
): Store {
  const { documents } = inner
  return {
    ...wrappedStore(changeHost, inner),
    documents: {
      list: (collection, isWanted) => documents.list(collection, isWanted),
      get: (collection, name) => documents.get(collection, name),
      put: (collection, name, content) => documents.put(collection, name, content),
      delete: (collection, name) => documents.delete(collection, name),
      ...change,
    },
  }
}

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
const counts = defineProcess({ name: 'counts' }).machine('count', counting)

/** Takes its time over 'slow', until the gate is open. */
const thinking = (until: Promise<void>): StandardSchemaV1<string, string> => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async value => {
      if (value === 'slow') await until
      return { value: value as string }
    },
  },
})
const pausing = (until: Promise<void>) =>
  defineProcess({ name: 'pausing' }).interrupt('ask', { schema: thinking(until) })

async function until(store: Store, pid: string, is: (record: ProcessRecord) => boolean): Promise<void> {
  for await (const { record } of store.follow(pid)) if (is(record)) return
}

const isCounting = ({ steps }: ProcessRecord): boolean => steps['count']?.state === 'open'

test('a command whose answer cannot be stored is applied once, and answered later', async t => {
  const inner = memoryStore()
  let failures = 0
  const store = withDocuments(inner, {
    delete: async (collection, name) => {
      if (collection === 'commands' && ++failures === 1) throw new Error('no disk')
      return inner.documents.delete(collection, name)
    },
  })
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const runtime = await createRuntime({ processes: [counts], store, logger: quiet })
  const { pid } = await runtime.start(counts)
  await until(inner, pid, isCounting)
  const client = openClient(inner)
  t.is(await client.send(pid, { type: 'ADD' }), 'taken')
  await client.send(pid, { type: 'DONE' })
  t.is(await client.result(pid), 1)
  t.true(failures > 1)
  await client.close()
  await runtime.close()
})

test('a command is answered once its record is in the store, and not before', async t => {
  const inner = memoryStore()
  const { promise, open } = gate()
  const asked = gate()
  const store = wrappedStore(
    host => ({
      async write(line) {
        if (line.event.command !== undefined) {
          asked.open()
          await promise
        }
        await host.write(line)
      },
    }),
    inner,
  )
  const runtime = await createRuntime({ processes: [counts], store })
  const { pid } = await runtime.start(counts)
  await until(inner, pid, isCounting)
  const client = openClient(inner)
  const cancelled = client.cancel(pid)
  await asked.promise
  // The host looks again and again, and finds that it is at it.
  await client.counts()
  t.is((await inner.documents.list('commands')).length, 1)
  open()
  t.is(await cancelled, 'taken')
  t.deepEqual(await inner.documents.list('commands'), [])
  await client.close()
  await runtime.close()
})

test('commands of one process are applied one after the other', async t => {
  const inner = memoryStore()
  const { promise, open } = gate()
  const definition = pausing(promise)
  const one = await createRuntime({ processes: [definition], store: inner })
  const { pid } = await one.start(definition)
  await until(inner, pid, ({ status }) => status === 'interrupted')
  await one.close()
  const client = openClient(inner)
  t.is(await client.proceed(pid, 'slow'), 'kept')
  t.is(await client.proceed(pid, 'fast'), 'kept')
  const refused = gate()
  const quiet = { debug() {}, info() {}, warn: () => refused.open(), error() {} }
  const two = await createRuntime({ processes: [definition], store: inner, logger: quiet })
  setImmediate(open)
  t.is(await client.result(pid), 'slow')
  await refused.promise
  await client.close()
  await two.close()
})

test('a command that a host was at when it closed is left to the next one', async t => {
  const inner = memoryStore()
  const { promise, open } = gate()
  const definition = pausing(promise)
  const one = await createRuntime({ processes: [definition], store: inner })
  const { pid } = await one.start(definition)
  await until(inner, pid, ({ status }) => status === 'interrupted')
  const seen = gate()
  const client = openClient(
    withDocuments(inner, { get: async (...name) => (seen.open(), inner.documents.get(...name)) }),
  )
  const proceeding = client.proceed(pid, 'slow')
  await seen.promise
  const closing = one.close()
  open()
  await closing
  const two = await createRuntime({ processes: [definition], store: inner })
  t.true(['taken', 'kept'].includes(await proceeding))
  t.is(await client.result(pid), 'slow')
  await client.close()
  await two.close()
})

test('a command that came too late is not said to be done', async t => {
  const inner = memoryStore()
  const { promise, open } = gate()
  const definition = defineProcess({ name: 'waits' }).step('wait', () => promise)
  const deaf = withDocuments(inner, {
    list: async (collection, isWanted) => (collection === 'commands' ? [] : inner.documents.list(collection, isWanted)),
  })
  const runtime = await createRuntime({ processes: [definition], store: deaf })
  const { pid } = await runtime.start(definition)
  await until(inner, pid, ({ status }) => status === 'running')
  const client = openClient(inner)
  const cancelling = client.cancel(pid)
  while ((await inner.documents.list('commands')).length === 0) await new Promise(setImmediate)
  open()
  await t.throwsAsync(cancelling, { code: 'ERR_ALREADY_ENDED' })
  await client.close()
  await runtime.close()
})

test('a cancel that is met again while its record is written is answered once, as done', async t => {
  const inner = memoryStore()
  const [reached, held] = [gate(), gate()]
  const answers: string[] = []
  const store = withDocuments(
    inner,
    {
      put: async (collection, name, content) => {
        if (collection === 'commands') answers.push(content)
        await inner.documents.put(collection, name, content)
      },
      delete: async (collection, name) => {
        if (collection === 'commands') answers.push('done')
        return inner.documents.delete(collection, name)
      },
    },
    host => ({
      async write(line) {
        if (line.status === 'cancelled') {
          reached.open()
          await held.promise
        }
        await host.write(line)
      },
    }),
  )
  const runtime = await createRuntime({ processes: [counts], store })
  const { pid } = await runtime.start(counts)
  await until(inner, pid, isCounting)
  const client = openClient(inner)
  const cancelled = client.cancel(pid)
  await reached.promise
  const [host] = await inner.hosts()
  for (let i = 0; i < 3; i++) {
    await inner.wake(host!.id)
    await new Promise(setImmediate)
  }
  held.open()
  t.is(await cancelled, 'taken')
  await runtime.close()
  t.deepEqual(answers, ['done'])
  await client.close()
})
