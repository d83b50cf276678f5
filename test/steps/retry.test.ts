import test from 'ava'
import * as fc from 'fast-check'
import { FatalError, RetryError } from '../../src/steps/fatal.ts'
import { planRetry, retryDelay, retryWait } from '../../src/steps/retry.ts'

const WHAT = `retry of step 'read'`

test('a number is a policy with the defaults', t => {
  const defaults = { attempts: 3, delayMs: 1000, factor: 2, maxDelayMs: 60_000, jitter: true }
  t.deepEqual(planRetry(3, WHAT), defaults)
  t.deepEqual(planRetry({ attempts: 3 }, WHAT), defaults)
  t.deepEqual(
    planRetry(
      { attempts: 3, delay: undefined, factor: undefined, maxDelay: undefined, jitter: undefined, when: undefined },
      WHAT,
    ),
    defaults,
  )
})

test('every part of a policy counts', t => {
  const when = (): boolean => true
  t.deepEqual(planRetry({ attempts: 2, delay: '2s', factor: 1.5, maxDelay: '1h', jitter: false, when }, WHAT), {
    attempts: 2,
    delayMs: 2000,
    factor: 1.5,
    maxDelayMs: 3_600_000,
    jitter: false,
    when,
  })
  t.is(planRetry({ attempts: 2, delay: '5m' }, WHAT)?.maxDelayMs, 300_000, 'a longer delay is not cut by the default')
})

test('one attempt is no policy', t => {
  t.is(planRetry(1, WHAT), undefined)
})

test('without a limit of attempts a step is retried for ever, and its delay stays within bounds', t => {
  const retry = planRetry({ attempts: Infinity, delay: '1s', maxDelay: '1m', jitter: false }, WHAT)!
  for (const failures of [1, 10, 10_000])
    t.is(
      retryWait(retry, { error: new Error('no'), attempt: failures, failures, seed: 's' }),
      Math.min(60_000, 500 * 2 ** failures),
    )
})

test('bad policies are refused with the value', t => {
  const cases: [unknown, RegExp][] = [
    [0, /attempts of retry of step 'read' must be an integer from 1, or Infinity; received 0/],
    [1.5, /received 1.5/],
    [NaN, /received NaN/],
    [{}, /attempts.*received undefined/],
    [true, /must be an object with attempts, delay.*received true/],
    [null, /received null/],
    [{ attempts: 2, delai: 5 }, /unknown key 'delai'/],
    [{ attempts: 2, delay: '5 s' }, /delay of retry.*received '5 s'/],
    [{ attempts: 2, factor: 0.5 }, /factor.*received 0.5/],
    [{ attempts: 2, factor: Infinity }, /factor.*received Infinity/],
    [{ attempts: 2, jitter: 1 }, /jitter.*received 1/],
    [{ attempts: 2, when: 'x' }, /when.*received 'x'/],
    [
      { attempts: 2, delay: '2s', maxDelay: '1s' },
      /maxDelay of retry of step 'read' must be at least its delay, 2000 ms; received 1000/,
    ],
  ]
  for (const [policy, message] of cases) t.throws(() => planRetry(policy, WHAT), { instanceOf: TypeError, message })
})

const policy = fc.record({
  attempts: fc.integer({ min: 2, max: 100 }),
  delayMs: fc.nat(10_000),
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  maxDelayMs: fc.integer({ min: 10_000, max: 1e9 }),
  jitter: fc.boolean(),
})

test('the delay is pure, whole and within its bounds', t => {
  fc.assert(
    fc.property(policy, fc.integer({ min: 1, max: 10_000 }), fc.string(), (retry, failures, seed) => {
      const delay = retryDelay(retry, failures, seed)
      const full = retry.delayMs === 0 ? 0 : Math.min(retry.maxDelayMs, retry.delayMs * retry.factor ** (failures - 1))
      t.is(delay, retryDelay(retry, failures, seed))
      t.true(Number.isSafeInteger(delay))
      t.true(delay <= Math.round(full) && delay >= Math.floor(retry.jitter ? full / 2 : full), `${delay} of ${full}`)
    }),
  )
})

test('without jitter the delay grows up to its limit', t => {
  const retry = { attempts: 9, delayMs: 1000, factor: 2, maxDelayMs: 5000, jitter: false }
  t.deepEqual(
    [1, 2, 3, 4, 2000].map(failures => retryDelay(retry, failures, '')),
    [1000, 2000, 4000, 5000, 5000],
  )
})

test('jitter spreads seeds that differ in one digit', t => {
  const retry = { attempts: 9, delayMs: 100_000, factor: 1, maxDelayMs: 100_000, jitter: true }
  const delays = Array.from({ length: 1000 }, (_, i) => retryDelay(retry, 1, `pid/step/${i}`))
  const tenths = new Set(delays.map(delay => Math.floor((delay - 50_000) / 5000)))
  t.is(tenths.size, 10)
  t.true(new Set(delays).size > 950)
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length
  t.true(Math.abs(mean - 75_000) < 2500, String(mean))
})

test('the wait before another attempt, or none', t => {
  const retry = { attempts: 3, delayMs: 1000, factor: 2, maxDelayMs: 60_000, jitter: false }
  const failed = (error: unknown, failures = 1) => ({ error, attempt: failures, failures, seed: '' })
  t.is(retryWait(retry, failed(new Error('x'))), 1000)
  t.is(retryWait(retry, failed(new Error('x'), 2)), 2000)
  t.is(retryWait(retry, failed(new Error('x'), 3)), undefined)
  t.is(retryWait(undefined, failed(new Error('x'))), undefined)
  t.is(retryWait(retry, failed(new FatalError('x'))), undefined)
  t.is(retryWait(retry, failed(new RetryError('x', { after: '5s' }))), 5000)
  t.is(retryWait(retry, failed(new RetryError('x', { after: '5s' }), 3)), undefined)

  const error = new Error('x')
  t.is(retryWait({ ...retry, when: (given, attempt) => !(given === error && attempt === 1) }, failed(error)), undefined)
  const thrown = new Error('bad when')
  const both = t.throws(
    () =>
      retryWait(
        {
          ...retry,
          when: () => {
            throw thrown
          },
        },
        failed(error),
      ),
    { instanceOf: AggregateError },
  )
  t.deepEqual(both?.errors, [error, thrown])
})
