import test, { type ExecutionContext } from 'ava'
import { defineProcess, ProcessCancelledError, type ProcessHandle } from '../../src/index.ts'
import { createTestRuntime, type TestRuntime } from '../../src/testing/index.ts'
import { aborted, gate, settled } from './gate.ts'
import { wrappedStore } from './wrapped-store.ts'

async function isCancelled(t: ExecutionContext, runtime: TestRuntime, job: ProcessHandle, reason: RegExp) {
  const info = await runtime.get(job.pid)
  t.is(info?.status, 'cancelled')
  t.truthy(info?.endedAt)
  t.like(info?.error, { code: 'ERR_CANCELLED' })
  t.regex(info?.error?.message ?? '', reason)
  t.deepEqual(
    info?.steps.filter(({ status }) => ['running', 'waiting', 'sleeping', 'interrupted'].includes(status)),
    [],
  )
  t.true(info?.steps.every(({ until }) => until === undefined))
  for (const result of [job.result(), runtime.result(job.pid)])
    await t.throwsAsync(result, { instanceOf: ProcessCancelledError, code: 'ERR_CANCELLED', message: reason })
  await t.throwsAsync(job.cancel(), { code: 'ERR_ALREADY_ENDED' })
  await t.throwsAsync(runtime.cancel(job.pid), { code: 'ERR_ALREADY_ENDED' })
  const { revision } = info!
  await runtime.clock.advance('9h')
  t.is((await runtime.get(job.pid))?.revision, revision, 'something happened after the end')
}

test('pending, without a slot', async t => {
  const go = gate()
  let ran = 0
  const definition = defineProcess({ name: 'queue' }).step('s', async () => {
    ran += 1
    await go.promise
  })
  const runtime = await createTestRuntime({ processes: [definition], concurrency: 1 })
  const first = await runtime.start(definition)
  const job = await runtime.start(definition)
  await job.cancel('not needed')
  await isCancelled(t, runtime, job, /not needed/)
  go.open()
  await first.result()
  t.is(ran, 1)
})

test('in a step: the signal says why, and the late result is dropped', async t => {
  const reason = gate<unknown>()
  const definition = defineProcess({ name: 'works' })
    .step('s', async ({ signal }) => {
      reason.open(await aborted(signal))
      return 'late'
    })
    .step('never', () => t.fail('ran on'))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  await job.cancel('the user left')
  const error = await reason.promise
  t.true(error instanceof ProcessCancelledError)
  t.like(error, { code: 'ERR_CANCELLED', message: 'the user left' })
  await isCancelled(t, runtime, job, /the user left/)
})

test('a step that asks for its signal only later finds it aborted', async t => {
  const go = gate(),
    seen = gate<unknown>()
  const definition = defineProcess({ name: 'looks-late' }).step('s', async context => {
    await go.promise
    seen.open(context.signal.aborted && context.signal.reason)
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  await runtime.cancel(job.pid, 'now')
  go.open()
  t.like(await seen.promise, { code: 'ERR_CANCELLED', message: 'now' })
})

test('before its first step has begun', async t => {
  const definition = defineProcess({ name: 'early' }).step('s', () => t.fail('ran'))
  const disk = gate()
  const store = wrappedStore(host => ({ write: line => disk.promise.then(() => host.write(line)) }))
  const runtime = await createTestRuntime({ processes: [definition], store })
  const job = await runtime.start(definition)
  const cancelling = job.cancel('early')
  disk.open()
  await cancelling
  await isCancelled(t, runtime, job, /early/)
})

test('in a retry wait', async t => {
  let runs = 0
  const definition = defineProcess({ name: 'retries' }).step(
    's',
    () => {
      runs += 1
      throw new Error('x')
    },
    { retry: { attempts: 9, delay: '1m' } },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, ({ steps }) => steps[0]?.status === 'waiting')
  await job.cancel('enough')
  await isCancelled(t, runtime, job, /enough/)
  t.is(runs, 1)
})

test('sleeping and interrupted', async t => {
  const definition = defineProcess({ name: 'waits' })
    .sleep('nap', '1h')
    .interrupt('ask', { timeout: '1h' })
    .step('never', () => t.fail('ran on'))
  const runtime = await createTestRuntime({ processes: [definition] })
  const asleep = await runtime.start(definition)
  await runtime.until(asleep.pid, 'sleeping')
  await asleep.cancel()
  await isCancelled(t, runtime, asleep, /./)
  const paused = await runtime.start(definition)
  await runtime.until(paused.pid, 'sleeping')
  await runtime.clock.advance('1h')
  await runtime.until(paused.pid, 'interrupted')
  await paused.cancel('nobody cares')
  await isCancelled(t, runtime, paused, /nobody cares/)
})

test('of several at once one counts', async t => {
  const definition = defineProcess({ name: 'twice' }).step('s', () => new Promise(() => {}) as never)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  const results = await Promise.allSettled([job.cancel('a'), job.cancel('b'), runtime.cancel(job.pid, 'c')])
  t.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  await isCancelled(t, runtime, job, /a$/)
})

test('a process that has finished, and one that never was', async t => {
  const definition = defineProcess({ name: 'quick' }).step('s', () => 1)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await job.result()
  await t.throwsAsync(job.cancel(), { code: 'ERR_ALREADY_ENDED', message: new RegExp(job.pid) })
  await t.throwsAsync(runtime.cancel('0'.repeat(20)), { code: 'ERR_UNKNOWN_PROCESS', message: /0{20}/ })
  await t.throwsAsync(runtime.cancel('../../etc/passwd'), { code: 'ERR_UNKNOWN_PROCESS' })
})
