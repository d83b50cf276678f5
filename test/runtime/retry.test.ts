import test from 'ava'
import { defineProcess, FatalError, RetryError, typed } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'
import { settled } from './gate.ts'

type Retry = NonNullable<NonNullable<Parameters<ReturnType<typeof defineProcess>['step']>[2]>['retry']>

/**
 * Runs a process whose step fails as `fail` says, and tells when each attempt began, in ms after
 * the first.
 */
async function attempts(retry: Retry, fail: (attempt: number) => unknown, name = 'flaky') {
  const at: number[] = []
  const keys = new Set<string>()
  const definition = defineProcess({ name }).step(
    's',
    ({ attempt, idempotencyKey }): string => {
      at.push(runtime.clock.now())
      keys.add(idempotencyKey)
      const error = fail(attempt)
      if (error !== undefined) throw error
      return `attempt ${attempt}`
    },
    { retry },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  await runtime.clock.advance('1h')
  const info = await runtime.until(job.pid, ({ endedAt }) => endedAt !== undefined)
  return { info, at: at.map(time => time - (at[0] ?? 0)), keys, history: await runtime.history(job.pid) }
}

test('a step is tried again as often as its policy says, each failure on record', async t => {
  const { info, at, keys, history } = await attempts(
    { attempts: 4, delay: '1s', factor: 3, jitter: false },
    attempt => new Error(`no ${attempt}`),
  )
  t.deepEqual(at, [0, 1000, 4000, 13_000])
  t.like(info, { status: 'error', error: { message: 'no 4', step: 's', attempt: 4 } })
  t.is(keys.size, 1)
  const failures = history.filter(({ event }) => event.type === 'FAIL').map(({ steps }) => steps[0]?.error?.message)
  t.deepEqual(failures, ['no 1', 'no 2', 'no 3', 'no 4'])
})

test('it ends well once an attempt does; the newest failure stays on record', async t => {
  const { info } = await attempts({ attempts: 3, delay: 0 }, attempt =>
    attempt < 3 ? new Error('not yet') : undefined,
  )
  t.like(info, { status: 'finished', output: 'attempt 3' })
  t.like(info.steps[0], { status: 'finished', attempt: 3 })
  t.is(info.error, undefined)
})

test('delays grow up to the longest, and jitter shortens them by up to a half', async t => {
  const { at } = await attempts({ attempts: 8, delay: '1s', factor: 2, maxDelay: '10s' }, () => new Error('x'))
  const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0))
  for (const [index, wait] of waits.entries()) {
    const full = Math.min(1000 * 2 ** index, 10_000)
    t.true(wait >= full / 2 && wait <= full, `wait ${index} is ${wait}`)
  }
  t.true(
    waits.some((wait, index) => wait !== Math.min(1000 * 2 ** index, 10_000)),
    'no jitter at all',
  )
})

test('jitter is the same in every run of the same process, and differs between processes', async t => {
  const policy = { attempts: 5, delay: '1m' } as const
  const [one, two] = [await attempts(policy, () => new Error('x')), await attempts(policy, () => new Error('x'))]
  t.is(one.info.pid, two.info.pid)
  t.deepEqual(one.at, two.at)
  const definition = defineProcess({ name: 'many', input: typed<number>() }).step(
    's',
    () => {
      throw new Error('x')
    },
    { retry: policy },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const untils = new Set<string | undefined>()
  for (let n = 0; n < 10; n++) {
    const job = await runtime.start(definition, n)
    untils.add((await runtime.until(job.pid, ({ steps }) => steps[0]?.status === 'waiting')).steps[0]?.until)
    await job.cancel()
  }
  t.true(untils.size > 5)
})

test('a waiting step says until when', async t => {
  const definition = defineProcess({ name: 'waits' }).step(
    's',
    ({ attempt }) => {
      if (attempt === 1) throw new Error('x')
    },
    { retry: { attempts: 2, delay: '90s', maxDelay: '2m', jitter: false } },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  const info = await runtime.until(job.pid, ({ steps }) => steps[0]?.status === 'waiting')
  t.is(info.status, 'running')
  t.is(info.steps[0]?.until, new Date(runtime.clock.now() + 90_000).toISOString())
  t.like(info.steps[0]?.error, { message: 'x' })
  await runtime.clock.advance('90s')
  await job.result()
  t.is((await runtime.get(job.pid))?.steps[0]?.until, undefined)
})

test('errors may say that another attempt is useless', async t => {
  const fatal = await attempts(5, () => new FatalError('no such customer', { cause: new Error('why') }))
  t.like(fatal.info, {
    error: { name: 'FatalError', message: 'no such customer', attempt: 1, cause: { message: 'why' } },
  })
  const marked = await attempts(5, () => Object.assign(new Error('marked'), { retryable: false }))
  t.is(marked.at.length, 1)
  const later = await attempts(5, attempt => (attempt === 2 ? new FatalError('enough') : new Error('x')))
  t.is(later.at.length, 2)
})

test('errors may say how long to wait', async t => {
  const { at } = await attempts({ attempts: 3, delay: '1s', jitter: false }, attempt =>
    attempt === 1 ? new RetryError('busy', { after: '42s' }) : new Error('x'),
  )
  t.deepEqual(at, [0, 42_000, 44_000])
  const single = await attempts(1, () => new RetryError('busy', { after: '1s' }))
  t.is(single.at.length, 1, 'no policy, no retry')
})

test('when() sees the error itself and the attempt, and decides', async t => {
  const seen: [unknown, number][] = []
  const error = new Error('the very one')
  const when = (thrown: unknown, attempt: number) => (seen.push([thrown, attempt]), attempt < 2)
  const { at, info } = await attempts({ attempts: 5, delay: 0, when }, () => error)
  t.is(at.length, 2)
  t.deepEqual(
    seen.map(([, attempt]) => attempt),
    [1, 2],
  )
  t.true(seen.every(([thrown]) => thrown === error))
  t.is(info.status, 'error')
})

test('attempts: Infinity goes on until the step succeeds', async t => {
  const patient = defineProcess({ name: 'patient' }).step(
    'try',
    ({ attempt }) => {
      if (attempt < 8) throw new Error('not yet')
      return attempt
    },
    { retry: { attempts: Infinity, delay: '1m', factor: 1, jitter: false } },
  )
  const runtime = await createTestRuntime({ processes: [patient] })
  const job = await runtime.start(patient)
  for (let minute = 0; minute < 8; minute++) await runtime.clock.advance('1m')
  t.is(await job.result(), 8)
  await runtime.close()
})
