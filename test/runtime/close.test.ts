import test from 'ava'
import { defineProcess, typed, type ProcessInfo } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { aborted, gate, settled } from './gate.ts'
import { wrappedStore } from './wrapped-store.ts'

const shared = () => ({ store: memoryStore(), clock: new TestClock() })

test('what waits is let go at once, and the next host goes on at the same times', async t => {
  const world = shared()
  const go = gate(),
    deaf = gate()
  const napper = defineProcess({ name: 'napper', timeout: '1h' })
    .sleep('nap', '2h')
    .step('s', () => 'slept')
  const asker = defineProcess({ name: 'asker' }).interrupt('ask', { timeout: '3h' })
  const retrier = defineProcess({ name: 'retrier', timeout: '5h' }).step(
    's',
    ({ attempt }) => {
      if (attempt === 1) throw new Error('x')
      return `attempt ${attempt}`
    },
    { retry: { attempts: 2, delay: '1h', maxDelay: '1h' } },
  )
  const blocker = defineProcess({ name: 'blocker' }).step('s', () => deaf.promise)
  const pending = defineProcess({ name: 'pending' }).step('s', () => 'ran')
  const processes = [napper, asker, retrier, blocker, pending]
  const one = await createTestRuntime({ processes, ...world, concurrency: 1 })
  const waiting = [await one.start(napper), await one.start(asker), await one.start(retrier)]
  for (const { pid } of waiting)
    await one.until(pid, info => info.status !== 'pending' && info.steps[0]?.status !== 'running')
  const blocked = await one.start(blocker)
  waiting.push(await one.start(pending))
  await settled()
  const before = await Promise.all(waiting.map(({ pid }) => one.get(pid)))
  const results = waiting.map(job => t.throwsAsync(job.result(), { code: 'ERR_RUNTIME_CLOSED' }))
  const closing = one.close()
  await settled()
  for (const { pid } of waiting)
    t.is((await one.get(pid))?.host, undefined, 'let go at once, though another step still runs')
  t.is((await one.get(blocked.pid))?.host?.state, 'alive')

  const two = await createTestRuntime({ processes, ...world })
  const times = (info: ProcessInfo | undefined) => [
    info?.steps[0]?.until,
    info?.deadline,
    info?.startedAt,
    info?.recoveries,
    info?.steps[0]?.attempt,
  ]
  await settled()
  for (const [index, { pid }] of waiting.slice(0, 3).entries())
    t.deepEqual(times(await two.get(pid)), times(before[index]))
  t.is(await two.result(waiting[3]!.pid), 'ran')
  await world.clock.advance('1h')
  t.is(await two.result(waiting[2]!.pid), 'attempt 2')
  await world.clock.advance('1h')
  t.is(await two.result(waiting[0]!.pid), 'slept')
  await two.proceed(waiting[1]!.pid, 'yes')
  t.is(await two.result(waiting[1]!.pid), 'yes')
  await closing
  await Promise.all(results)
  deaf.open()
  go.open()
  await two.close()
})

test('a running step is told to end, which is no failure, and runs again elsewhere', async t => {
  const world = shared()
  const reason = gate<unknown>()
  const seen: [number, string][] = []
  const definition = defineProcess({ name: 'works' }).step(
    's',
    async ({ signal, attempt, idempotencyKey }) => {
      seen.push([attempt, idempotencyKey])
      if (attempt > 1) return 'done'
      reason.open(await aborted(signal))
      throw signal.reason
    },
    { retry: 2 },
  )
  const one = await createTestRuntime({ processes: [definition], ...world })
  const job = await one.start(definition)
  await settled()
  await one.close()
  t.like(await reason.promise, { code: 'ERR_RUNTIME_CLOSED' })
  await t.throwsAsync(job.result(), { code: 'ERR_RUNTIME_CLOSED', message: new RegExp(job.pid) })
  t.deepEqual(await world.store.hosts(), [])
  const two = await createTestRuntime({ processes: [definition], ...world })
  t.is(await two.result(job.pid), 'done')
  const info = await two.get(job.pid)
  t.like(info, { recoveries: 0, status: 'finished' })
  t.like(info?.steps[0], { attempt: 2 })
  t.is(info?.steps[0]?.error, undefined)
  t.deepEqual(seen, [
    [1, `${job.pid}:s`],
    [2, `${job.pid}:s`],
  ])
})

test('a step that ends well while the runtime closes is not run again', async t => {
  const world = shared()
  const ran: string[] = []
  const definition = defineProcess({ name: 'polite' })
    .step('one', async ({ signal }) => {
      ran.push('one')
      await aborted(signal)
      return 'one'
    })
    .step('two', ({ data }) => {
      ran.push('two')
      return data
    })
  const one = await createTestRuntime({ processes: [definition], ...world })
  const job = await one.start(definition)
  await settled()
  await one.close()
  t.deepEqual(ran, ['one'])
  const two = await createTestRuntime({ processes: [definition], ...world })
  t.is(await two.result(job.pid), 'one')
  t.deepEqual(ran, ['one', 'two'])
})

test('a step that ignores its signal keeps its owner until it settles', async t => {
  const world = shared()
  const deaf = gate()
  let runs = 0
  const definition = defineProcess({ name: 'deaf' })
    .step('s', async () => {
      if (++runs === 1) await deaf.promise
      return runs
    })
    .step('t', ({ data }) => data)
  const one = await createTestRuntime({ processes: [definition], ...world })
  const job = await one.start(definition)
  await settled()
  const closing = one.close({ within: '5s' })
  await world.clock.advance('5s')
  await closing
  await t.throwsAsync(job.result(), { code: 'ERR_RUNTIME_CLOSED' })
  t.is((await world.store.get(job.pid))?.host?.state, 'alive')
  const early = await createTestRuntime({ processes: [definition], ...world })
  await settled()
  t.is(runs, 1, 'two hosts ran it at once')
  await early.close()
  deaf.open()
  await settled()
  t.is((await world.store.get(job.pid))?.host, undefined)
  const two = await createTestRuntime({ processes: [definition], ...world })
  t.is(await two.result(job.pid), 1)
})

test('nothing starts, steers or waits on a closed runtime; closing twice is closing once', async t => {
  const world = shared()
  const definition = defineProcess({ name: 'plain', input: typed<number | undefined>() })
    .step('s', () => 1)
    .interrupt('ask')
  const one = await createTestRuntime({ processes: [definition], ...world })
  const other = await createTestRuntime({ processes: [definition], ...world })
  const elsewhere = await other.start(definition, 1, { key: 'k' })
  await other.until(elsewhere.pid, 'interrupted')
  const foreign = await one.start(definition, 1, { key: 'k' })
  const job = await one.start(definition, 2)
  await one.until(job.pid, 'interrupted')
  const waits = [foreign.result(), one.result(job.pid), one.until(elsewhere.pid, 'finished')].map(wait =>
    t.throwsAsync(wait, { code: 'ERR_RUNTIME_CLOSED' }),
  )
  await Promise.all([one.close(), one.close(), one[Symbol.asyncDispose as never] as unknown])
  await one.close()
  await Promise.all(waits)
  await t.throwsAsync(one.start(definition, 1), { code: 'ERR_RUNTIME_CLOSED' })
  for (const steer of [job.cancel(), job.proceed(), one.cancel(job.pid), one.proceed(job.pid)])
    await t.throwsAsync(steer, { code: 'ERR_RUNTIME_CLOSED' })
  t.is((await one.get(job.pid))?.status, 'interrupted')
  await other.close()
})

test('a start that is under way while the runtime closes stays pending for the next host', async t => {
  const world = shared()
  const create = gate()
  let ran = 0
  const store = wrappedStore(
    host => ({
      create: async record => {
        await create.promise
        return host.create(record)
      },
    }),
    world.store,
  )
  const definition = defineProcess({ name: 'racing' }).step('s', () => ++ran)
  const one = await createTestRuntime({ processes: [definition], store, clock: world.clock })
  const starting = one.start(definition)
  const closing = one.close()
  create.open()
  const job = await starting
  await closing
  await t.throwsAsync(job.result(), { code: 'ERR_RUNTIME_CLOSED' })
  t.like(await one.get(job.pid), { status: 'pending', host: undefined })
  const two = await createTestRuntime({ processes: [definition], ...world })
  t.is(await two.result(job.pid), 1)
})

test.serial('what cannot be let go is told, and the host leaves all the same', async t => {
  const store = wrappedStore(() => ({
    release: async () => {
      throw new Error('no disk')
    },
  }))
  const definition = defineProcess({ name: 'asks' }).interrupt('ask')
  const runtime = await createTestRuntime({ processes: [definition], store })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, 'interrupted')
  const warned = gate<Error>()
  process.once('warning', warned.open)
  await runtime.close()
  t.regex((await warned.promise).message, new RegExp(`${job.pid}.*no disk`))
  t.is((await store.get(job.pid))?.host?.state, 'dead')
})
