import { channel, tracingChannel } from 'node:diagnostics_channel'
import test, { type ExecutionContext } from 'ava'
import { defineProcess, openClient, typed } from '../../src/index.ts'
import type {
  AdoptionMessage,
  AttemptMessage,
  OnceMessage,
  ProcessMessage,
  SlotsMessage,
  StartMessage,
  StoreMessage,
  TracedAction,
  Trace,
} from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { aborted, gate } from './gate.ts'

// Channels belong to the whole thread: these tests run one after the other.

function listen<Message>(t: ExecutionContext, name: string): Message[] {
  const heard: Message[] = []
  const listener = (message: unknown): void => void heard.push(message as Message)
  const one = channel(name)
  one.subscribe(listener)
  t.teardown(() => one.unsubscribe(listener))
  return heard
}

/** What was said of each action, in order. */
function listenTo<Message extends TracedAction>(
  t: ExecutionContext,
  name: string,
  onStart?: (message: Message) => void,
): { readonly said: string; readonly message: Message }[] {
  const heard: { said: string; message: Message }[] = []
  const say = (said: string) => (message: Message) => void heard.push({ said, message })
  const listeners = {
    start: (message: Message) => {
      say('start')(message)
      onStart?.(message)
    },
    end: say('end'),
    asyncEnd: say('asyncEnd'),
    error: say('error'),
  }
  const tracing = tracingChannel<Message>(`stepwright:${name}`)
  tracing.subscribe(listeners)
  t.teardown(() => tracing.unsubscribe(listeners))
  return heard
}

const trace = (id: number): Trace => ({ traceparent: `00-${String(id).padStart(32, '0')}-${'1'.repeat(16)}-01` })

test.serial('a process comes to its host, changes its status and ends', async t => {
  const heard = listen<ProcessMessage>(t, 'stepwright:process')
  const slots = listen<SlotsMessage>(t, 'stepwright:slots')
  const definition = defineProcess({ name: 'noted', version: '2' })
    .step('a', () => 1, { interrupt: true })
    .step('b', (): number => {
      throw new RangeError('no')
    })
  const runtime = await createTestRuntime({ processes: [definition], concurrency: 3 })
  const { pid } = await runtime.start(definition)
  await runtime.until(pid, 'interrupted')
  await runtime.proceed(pid)
  await t.throwsAsync(runtime.result(pid))
  t.deepEqual(
    heard.map(({ before, status }) => [before, status]),
    [
      [undefined, 'pending'],
      ['pending', 'running'],
      ['running', 'interrupted'],
      ['interrupted', 'running'],
      ['running', 'error'],
    ],
  )
  t.like(heard.at(-1), { pid, name: 'noted', version: '2', error: { name: 'RangeError', message: 'no' } })
  t.deepEqual(
    slots.map(({ used, limit }) => [used, limit]),
    [
      [1, 3],
      [0, 3],
      [1, 3],
      [0, 3],
    ],
  )
  await runtime.close()
})

test.serial('what is released leaves without an end, and comes to the next host', async t => {
  const world = { store: memoryStore(), clock: new TestClock() }
  const definition = defineProcess({ name: 'moves' }).step('a', () => 1, { interrupt: true })
  const first = await createTestRuntime({ processes: [definition], ...world })
  const { pid } = await first.start(definition)
  await first.until(pid, 'interrupted')
  const heard = listen<ProcessMessage>(t, 'stepwright:process')
  const adoptions = listen<AdoptionMessage>(t, 'stepwright:adoption')
  await first.close()
  const second = await createTestRuntime({ processes: [definition], ...world })
  t.deepEqual(
    heard.map(({ before, status }) => [before, status]),
    [
      ['interrupted', undefined],
      [undefined, 'interrupted'],
    ],
  )
  t.not(heard[0]!.host, heard[1]!.host)
  t.is(adoptions.length, 1)
  t.deepEqual(adoptions[0]!.adopted, [{ pid, name: 'moves', released: true }])
  await second.close()
})

test.serial('an attempt is traced from when it is due to when its work has settled', async t => {
  const heard = listenTo<AttemptMessage>(t, 'attempt')
  const definition = defineProcess({ name: 'tried', input: typed<number>() })
    .step(
      'a',
      ({ attempt }) => {
        if (attempt === 1) throw new RangeError('not yet')
        return attempt
      },
      { retry: 2 },
    )
    .step('b', () => 1, { when: () => false })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  await runtime.until(job.pid, info => info.steps[0]!.status === 'waiting')
  await runtime.clock.advance('1m')
  await job.result()
  t.deepEqual(
    heard
      .filter(({ said }) => said === 'asyncEnd')
      .map(({ message }) => [message.step, message.attempt, message.outcome]),
    [
      ['a', 1, 'failed'],
      ['a', 2, 'finished'],
      ['b', 1, 'skipped'],
    ],
  )
  t.deepEqual(
    heard.filter(({ message }) => message.attempt === 1 && message.step === 'a').map(({ said }) => said),
    ['start', 'end', 'error', 'asyncEnd'],
  )
  t.true(heard[0]!.message.error instanceof RangeError)
  t.like(heard[0]!.message, { pid: job.pid, name: 'tried', kind: 'step', part: 'attempt' })
  await runtime.close()
})

test.serial(
  'a trace is kept in the journal: the next host gets that of the starter and of the attempt before',
  async t => {
    const world = { store: memoryStore(), clock: new TestClock() }
    let id = 0
    listenTo<StartMessage>(t, 'start', message => (message.trace = trace(++id)))
    const heard = listenTo<AttemptMessage>(t, 'attempt', message => (message.trace = trace(++id)))
    const reached = gate()
    const definition = defineProcess({ name: 'linked' })
      .step('a', () => 1)
      .step('b', async ({ attempt, signal }) => {
        if (attempt > 1) return attempt
        reached.open()
        await aborted(signal)
        throw signal.reason
      })
    const first = await createTestRuntime({ processes: [definition], ...world })
    const { pid } = await first.start(definition)
    await reached.promise
    await first.die()
    const second = await createTestRuntime({ processes: [definition], ...world })
    t.is(await second.result(pid), 2)
    const begun = heard.filter(({ said }) => said === 'start').map(({ message }) => message)
    t.deepEqual(
      begun.map(({ step, attempt, startedBy, previous }) => ({ step, attempt, startedBy, previous })),
      [
        { step: 'a', attempt: 1, startedBy: trace(1), previous: undefined },
        { step: 'b', attempt: 1, startedBy: trace(1), previous: trace(2) },
        { step: 'b', attempt: 2, startedBy: trace(1), previous: trace(3) },
      ],
    )
    await second.close()
  },
)

test.serial('submit, fork and retry are starts too; a fork links to the attempt that it repeats', async t => {
  let id = 0
  const starts = listenTo<StartMessage>(t, 'start', message => (message.trace = trace(++id)))
  const heard = listenTo<AttemptMessage>(t, 'attempt', message => (message.trace = trace(++id)))
  const definition = defineProcess({ name: 'again' }).step('a', ({ pid, log }): string => {
    log('tried')
    if (pid === first) throw new Error('no')
    return pid
  })
  let first: string | undefined
  const store = memoryStore()
  const client = openClient(store)
  first = await client.submit('again', undefined, { key: 'k' })
  const runtime = await createTestRuntime({ processes: [definition], store, worker: true })
  await t.throwsAsync(runtime.result(first))
  const retried = await client.retry(first)
  t.is(await runtime.result(retried), retried)
  t.deepEqual(
    starts
      .filter(({ said }) => said === 'asyncEnd')
      .map(({ message: { operation, name, key, pid } }) => ({ operation, name, key, pid })),
    [
      { operation: 'submit', name: 'again', key: 'k', pid: first },
      { operation: 'retry', name: 'again', key: undefined, pid: retried },
    ],
  )
  const begun = heard.filter(({ said }) => said === 'start').map(({ message }) => message)
  t.deepEqual(
    begun.map(({ pid, startedBy, previous }) => ({ pid, startedBy, previous })),
    [
      { pid: first, startedBy: trace(1), previous: undefined },
      { pid: retried, startedBy: trace(3), previous: trace(2) },
    ],
  )
  await runtime.close()
})

test.serial('once is traced, and says whether the work had been done before', async t => {
  const heard = listenTo<OnceMessage>(t, 'once')
  const definition = defineProcess({ name: 'remembers' }).step(
    'a',
    async ({ attempt, once }) => {
      await once('x', () => 1)
      if (attempt === 1) throw new Error('again')
      return 1
    },
    { retry: 2 },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const { pid } = await runtime.start(definition)
  await runtime.until(pid, info => info.steps[0]!.status === 'waiting')
  await runtime.clock.advance('1m')
  await runtime.result(pid)
  t.deepEqual(
    heard
      .filter(({ said }) => said === 'asyncEnd')
      .map(({ message: { name, idempotencyKey, remembered } }) => [name, idempotencyKey, remembered]),
    [
      ['x', `${pid}:a:x`, false],
      ['x', `${pid}:a:x`, true],
    ],
  )
  await runtime.close()
})

test.serial('each line that a host writes is traced', async t => {
  const heard = listenTo<StoreMessage>(t, 'store')
  const definition = defineProcess({ name: 'written' }).step('a', () => 1)
  const runtime = await createTestRuntime({ processes: [definition] })
  const { pid } = await runtime.start(definition)
  await runtime.result(pid)
  t.deepEqual(
    heard.filter(({ said }) => said === 'asyncEnd').map(({ message }) => [message.revision, message.event.type]),
    (await runtime.history(pid)).slice(1).map(({ revision, event }) => [revision, event.type]),
  )
  await runtime.close()
})

test.serial('`run` of a message calls the work of a step', async t => {
  const { AsyncLocalStorage } = await import('node:async_hooks')
  const storage = new AsyncLocalStorage<string>()
  listenTo<AttemptMessage>(t, 'attempt', message => {
    message.run = work => storage.run(message.step, work)
  })
  const definition = defineProcess({ name: 'runs' })
    .step('a', async () => {
      await new Promise(setImmediate)
      return storage.getStore()
    })
    .step('b', ({ data }) => [data, storage.getStore()])
  const runtime = await createTestRuntime({ processes: [definition] })
  t.deepEqual(await (await runtime.start(definition)).result(), ['a', 'b'])
  await runtime.close()
})
