import test, { type ExecutionContext } from 'ava'
import { assign, setup } from 'xstate'
import {
  createRuntime,
  defineProcess,
  lowdbStore,
  openClient,
  type RuntimeEvents,
  type Store,
} from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { gate } from '../runtime/gate.ts'
import { tempDir } from '../temp-dir.ts'

const counter = setup({
  types: {
    context: {} as { seen: number[] },
    output: {} as number[],
    events: {} as { type: 'ADD'; n: number } | { type: 'END' },
  },
}).createMachine({
  context: { seen: [] },
  initial: 'on',
  states: {
    on: { on: { ADD: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.n] }) }, END: 'off' } },
    off: { type: 'final' },
  },
  output: ({ context }) => context.seen,
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }

const stores: Readonly<Record<string, (t: ExecutionContext) => Promise<Store>>> = {
  memory: async () => memoryStore(),
  lowdb: async t => lowdbStore(await tempDir(t)),
  sqlite: async t => sqliteStore(`${await tempDir(t)}/store.sqlite`),
}

for (const [kind, makeStore] of Object.entries(stores)) {
  test(`events that come before their machine are kept in order, over a restart, and shown (${kind})`, async t => {
    const store = await makeStore(t)
    const before = gate()
    const definition = defineProcess({ name: 'late' })
      .step('slow', async ({ attempt }) => (attempt === 1 ? before.promise : null))
      .machine('count', counter, { strict: true })
    const one = await createRuntime({ processes: [definition], store })
    const job = await one.start(definition)
    const client = openClient(store)
    t.is(await job.send({ type: 'ADD', n: 1 }), 'kept')
    t.is(await client.send(job.pid, { type: 'ADD', n: 2 }), 'kept')
    t.is(await one.send(job.pid, { type: 'ADD', n: 3 }), 'kept')
    await t.throwsAsync(client.send(job.pid, { type: 'TYPO' }), { code: 'ERR_UNKNOWN_EVENT' })
    t.deepEqual(
      (await client.get(job.pid))?.pendingCommands?.map(({ type, event }) => [type, event]),
      [1, 2, 3].map(() => ['send', 'ADD']),
    )
    before.open()
    await one.close({ within: 0 })
    const two = await createRuntime({ processes: [definition], store })
    for await (const { steps } of two.watch(job.pid)) if (steps[1]?.status === 'running') break
    t.is(await two.send(job.pid, { type: 'END' }), 'taken')
    t.deepEqual(await two.result(job.pid), [1, 2, 3])
    t.is((await client.get(job.pid))?.pendingCommands, undefined)
    await two.close()
    await client.close()
    await store.close()
  })

  test(`an answer may come before its step has returned; a second one is refused (${kind})`, async t => {
    const store = await makeStore(t)
    const mail = gate<{ sent: boolean }>()
    const definition = defineProcess({ name: 'signup' })
      .step('ask', () => mail.promise, { interrupt: true })
      .interrupt('again')
      .step('greet', ({ data }) => data)
    const runtime = await createRuntime({ processes: [definition], store })
    const job = await runtime.start(definition)
    t.is(await job.proceed({ clicked: 1 } as never), 'kept')
    await t.throwsAsync(runtime.proceed(job.pid, { clicked: 2 }), {
      code: 'ERR_NOT_INTERRUPTED',
      message: /has an answer for it already/,
    })
    t.like((await runtime.get(job.pid))?.pendingCommands?.[0], { type: 'proceed', step: 'ask' })
    mail.open({ sent: true })
    for await (const { status, steps } of runtime.watch(job.pid))
      if (status === 'interrupted' && steps[1]?.status === 'interrupted') break
    t.is(await runtime.proceed(job.pid), 'taken')
    t.deepEqual(await job.result(), { sent: true, clicked: 1 })
    await runtime.close()
    await store.close()
  })
}

test('what no step to come takes is refused at once; what is skipped is told', async t => {
  const hold = gate()
  const definition = defineProcess({ name: 'never' })
    .step('first', () => hold.promise)
    .machine('count', counter, { when: () => false })
    .step('last', () => 'done')
  const runtime = await createRuntime({ processes: [definition], store: memoryStore(), logger: silent })
  const told: RuntimeEvents['command-refused'][] = []
  runtime.on('command-refused', event => told.push(event))
  const job = await runtime.start(definition)
  await t.throwsAsync(job.proceed(), { code: 'ERR_NOT_INTERRUPTED' })
  t.is(await job.send({ type: 'END' }), 'kept')
  hold.open()
  t.is(await job.result(), 'done')
  while (told.length === 0) await new Promise(setImmediate)
  t.like(told[0], { pid: job.pid, type: 'send' })
  t.true(['ERR_EVENT_REFUSED', 'ERR_ALREADY_ENDED'].includes(told[0]!.code))
  await runtime.close()
})

test('a process keeps 1,000 messages', async t => {
  const hold = gate()
  const definition = defineProcess({ name: 'flood' })
    .step('first', () => hold.promise)
    .machine('count', counter, {})
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [definition], store })
  const job = await runtime.start(definition)
  const sent = await Promise.allSettled(Array.from({ length: 1001 }, (_, n) => job.send({ type: 'ADD', n })))
  t.is(sent.filter(({ status }) => status === 'fulfilled').length, 1000)
  t.like(
    sent.find(({ status }) => status === 'rejected'),
    { reason: { code: 'ERR_EVENT_REFUSED' } },
  )
  hold.open()
  for await (const { steps } of runtime.watch(job.pid)) if (steps[1]?.state !== undefined) break
  await job.send({ type: 'END' })
  t.deepEqual(
    await job.result(),
    Array.from({ length: 1000 }, (_, n) => n),
  )
  await runtime.close()
})

test('a process is found and steered by its key', async t => {
  const definition = defineProcess({ name: 'order' }).machine('count', counter, {})
  const runtime = await createRuntime({ processes: [definition], store: memoryStore() })
  const job = await runtime.start(definition, undefined, { key: 'order-7' })
  const found = await runtime.byKey('order-7')
  t.is(found?.pid, job.pid)
  await runtime.send(found!.pid, { type: 'END' })
  t.deepEqual(await job.result(), [])
  t.is(await runtime.byKey('order-8'), undefined)
  await t.throwsAsync(runtime.byKey('' as never), { instanceOf: TypeError })
  await runtime.close()
})

for (const [kind, makeStore] of Object.entries(stores))
  test(`send with wait resolves with the state of the machine that took the event (${kind})`, async t => {
    const store = await makeStore(t)
    const before = gate()
    const definition = defineProcess({ name: 'late' })
      .step('slow', () => before.promise)
      .machine('count', counter, { strict: true })
      .step('last', ({ data }) => data)
    const runtime = await createRuntime({ processes: [definition], store })
    const client = openClient(store)
    t.teardown(() => client.close())
    t.teardown(() => runtime.close())
    const job = await runtime.start(definition)
    let isTaken = false
    const early = client.send(job.pid, { type: 'ADD', n: 1 }, { wait: true })
    void early.then(() => (isTaken = true))
    t.is(await job.send({ type: 'ADD', n: 2 }), 'kept')
    t.false(isTaken)
    const impatient = job.send({ type: 'ADD', n: 3 }, { wait: true, signal: AbortSignal.abort(new Error('enough')) })
    await t.throwsAsync(impatient, { message: 'enough' })
    before.open()
    t.is(await early, 'on')
    t.is(await job.send({ type: 'ADD', n: 4 }, { wait: true }), 'on')
    await t.throwsAsync(runtime.send(job.pid, { type: 'TYPO' }, { wait: true }), { code: 'ERR_UNKNOWN_EVENT' })
    await t.throwsAsync(client.send(job.pid, { type: 'END' }, { wait: 'yes' } as never), { instanceOf: TypeError })
    t.is(await client.send<typeof definition>(job.pid, { type: 'END' }, { wait: true }), 'off')
    const seen = await job.result()
    t.deepEqual(
      seen.filter(n => n !== 3),
      [1, 2, 4],
    )
    await t.throwsAsync(client.send(job.pid, { type: 'END' }, { wait: true }), { code: 'ERR_ALREADY_ENDED' })
  })
