import test from 'ava'
import { defineProcess, ProcessTimeoutError, type StepwrightError } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'
import { aborted, gate, settled } from './gate.ts'

test('a step that takes too long is told so by its signal and ends in error', async t => {
  const reason = gate<unknown>()
  const definition = defineProcess({ name: 'slow' }).step(
    's',
    async ({ signal }) => {
      reason.open(await aborted(signal))
      return 'late'
    },
    { timeout: '30s' },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.clock.advance(29_999)
  t.is((await runtime.get(job.pid))?.status, 'running')
  await runtime.clock.advance(1)
  t.like(await reason.promise, { code: 'ERR_STEP_TIMEOUT' })
  const error = await t.throwsAsync<StepwrightError>(job.result(), {
    code: 'ERR_STEP_TIMEOUT',
    message: /'s'.*30000 ms/,
  })
  t.like(error, { step: 's', attempt: 1 })
  const info = await runtime.get(job.pid)
  t.like(info?.error, { code: 'ERR_STEP_TIMEOUT', step: 's', attempt: 1 })
  await settled()
  t.is((await runtime.get(job.pid))?.revision, info?.revision, 'the late result is dropped')
})

test('setting the clock neither hastens nor delays the timeout of a step', async t => {
  const definition = defineProcess({ name: 'set' }).step('s', () => new Promise(() => {}) as never, { timeout: '10m' })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.clock.advance('1m')
  runtime.clock.set(runtime.clock.now() + 3_600_000)
  await runtime.clock.advance('8m')
  t.is((await runtime.get(job.pid))?.status, 'running')
  runtime.clock.set(runtime.clock.now() - 7_200_000)
  await runtime.clock.advance('1m')
  t.is((await runtime.until(job.pid, 'error')).error?.code, 'ERR_STEP_TIMEOUT')
})

test('a retry waits until the attempt that was told to end has settled', async t => {
  const begun: number[] = []
  const first = gate()
  const definition = defineProcess({ name: 'settles' }).step(
    's',
    async ({ attempt }) => {
      begun.push(attempt)
      if (attempt === 1) {
        await first.promise
        return 'late'
      }
      return 'second'
    },
    { timeout: '1s', retry: { attempts: 2, delay: 0 } },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.clock.advance('1s')
  await runtime.clock.advance('4s')
  t.deepEqual(begun, [1])
  first.open()
  t.is(await job.result(), 'second')
  t.deepEqual(begun, [1, 2])
})

test('a retry waits at most five seconds for an attempt that ignores its signal, whose result and progress are dropped', async t => {
  const begun: number[] = []
  const first = gate(),
    second = gate()
  const definition = defineProcess({ name: 'deaf' }).step(
    's',
    async ({ attempt, progress }) => {
      begun.push(attempt)
      if (attempt === 2) {
        await second.promise
        return 'second'
      }
      await first.promise
      progress(77)
      return 'first'
    },
    { timeout: '1s', retry: { attempts: 2, delay: 0 } },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.clock.advance('1s')
  await runtime.clock.advance(4_999)
  t.deepEqual(begun, [1])
  await runtime.clock.advance(1)
  t.deepEqual(begun, [1, 2])
  first.open()
  await settled()
  const info = await runtime.get(job.pid)
  t.like(info, { status: 'running' })
  t.is(info?.steps[0]?.progress, undefined)
  second.open()
  t.is(await job.result(), 'second')
})

test('the last timeout of a step ends in error, whatever its attempts return later', async t => {
  const definition = defineProcess({ name: 'hopeless' }).step('s', () => new Promise(() => {}) as never, {
    timeout: '1s',
    retry: { attempts: 3, delay: '1s', factor: 1, jitter: false },
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.clock.advance('1m')
  const error = await t.throwsAsync(job.result(), { code: 'ERR_STEP_TIMEOUT' })
  t.like(error, { attempt: 3 })
})

test('the timeout of a process aborts the step and ends in timeout', async t => {
  const reason = gate<unknown>()
  const definition = defineProcess({ name: 'bounded', timeout: '5m' }).step('s', async ({ signal }) =>
    reason.open(await aborted(signal)),
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  t.is((await runtime.get(job.pid))?.deadline, new Date(runtime.clock.now() + 300_000).toISOString())
  await runtime.clock.advance('5m')
  t.like(await reason.promise, { code: 'ERR_PROCESS_TIMEOUT' })
  await t.throwsAsync(job.result(), { instanceOf: ProcessTimeoutError, code: 'ERR_PROCESS_TIMEOUT' })
  await t.throwsAsync(runtime.result(job.pid), { instanceOf: ProcessTimeoutError })
  const info = await runtime.get(job.pid)
  t.like(info, { status: 'timeout', error: { code: 'ERR_PROCESS_TIMEOUT' } })
  t.is(info?.steps[0]?.status, 'timeout')
})

test('only time in running counts: sleeping, interrupted and pending do not, retry waits do', async t => {
  const definition = defineProcess({ name: 'clocked', timeout: '10s' })
    .sleep('nap', '1h')
    .step('ask', () => 1, { interrupt: true })
    .step(
      'flaky',
      ({ attempt }) => {
        if (attempt === 1) throw new Error('x')
        return new Promise(() => {}) as never
      },
      { retry: { attempts: 2, delay: '6s', jitter: false } },
    )
  const go = gate()
  const blocker = defineProcess({ name: 'blocker' }).step('s', () => go.promise)
  const runtime = await createTestRuntime({ processes: [definition, blocker], concurrency: 1 })
  await runtime.start(blocker)
  const job = await runtime.start(definition)
  await runtime.clock.advance('1h')
  t.is((await runtime.get(job.pid))?.status, 'pending')
  go.open()
  await runtime.until(job.pid, 'sleeping')
  await runtime.clock.advance('1h')
  await runtime.until(job.pid, 'interrupted')
  await runtime.clock.advance('1d')
  await job.proceed()
  const { deadline } = await runtime.until(job.pid, ({ steps }) => steps[2]?.status === 'waiting')
  t.is(deadline, new Date(runtime.clock.now() + 10_000).toISOString())
  await runtime.clock.advance('9s')
  t.is((await runtime.get(job.pid))?.status, 'running')
  await runtime.clock.advance('1s')
  t.is((await runtime.until(job.pid, 'timeout')).status, 'timeout')
})

test("start({ timeout }) counts instead of the definition's", async t => {
  const none = defineProcess({ name: 'none' }).step('s', () => new Promise(() => {}) as never)
  const long = defineProcess({ name: 'long', timeout: '1h' }).step('s', () => new Promise(() => {}) as never)
  const runtime = await createTestRuntime({ processes: [none, long] })
  const jobs = [
    await runtime.start(none, undefined, { timeout: '2s' }),
    await runtime.start(long, undefined, { timeout: 2000 }),
  ]
  await settled()
  await runtime.clock.advance(1_999)
  for (const { pid } of jobs) t.is((await runtime.get(pid))?.status, 'running')
  await runtime.clock.advance(1)
  for (const { pid } of jobs) t.is((await runtime.until(pid, 'timeout')).status, 'timeout')
})

test('the timeout of a process ends a retry wait and the wait for a slot', async t => {
  const go = gate()
  const waits = defineProcess({ name: 'waits', timeout: '3s' }).step(
    's',
    () => {
      throw new Error('x')
    },
    { retry: { attempts: 2, delay: '1h', maxDelay: '1h' } },
  )
  const queues = defineProcess({ name: 'queues', timeout: '3s' }).step(
    's',
    () => {
      throw new Error('x')
    },
    { retry: { attempts: 2, delay: '1s', jitter: false } },
  )
  const blocker = defineProcess({ name: 'blocker' }).step('s', () => go.promise)
  const runtime = await createTestRuntime({ processes: [waits, queues, blocker], concurrency: 1 })
  const jobs = [await runtime.start(waits), await runtime.start(queues)]
  for (const { pid } of jobs) await runtime.until(pid, ({ steps }) => steps[0]?.status === 'waiting')
  const last = await runtime.start(blocker)
  await runtime.until(last.pid, 'running')
  await runtime.clock.advance('3s')
  for (const { pid } of jobs) t.is((await runtime.until(pid, 'timeout')).status, 'timeout')
  go.open()
  await last.result()
})
