import { check, checkFlag, checkFunction, checkOptions, limitFrom, mustBe } from '../record/check.ts'
import { toMs } from '../record/duration.ts'
import { retryability, type Retryability } from './fatal.ts'

export interface PlannedRetry {
  /**
   * How many failures end the step for good. At least 2: with 1 there is no policy. `Infinity` is
   * allowed.
   */
  readonly attempts: number
  readonly delayMs: number
  readonly factor: number
  readonly maxDelayMs: number
  readonly jitter: boolean
  readonly when?: (error: unknown, attempt: number) => boolean
}

const CHECKS = {
  attempts: limitFrom(1),
  delay: toMs,
  factor: check<number>('a finite number from 1', value => Number.isFinite(value) && (value as number) >= 1),
  maxDelay: toMs,
  jitter: checkFlag,
  when: checkFunction<NonNullable<PlannedRetry['when']>>,
}

/**
 * Checks a retry policy and fills in the defaults. Returns `undefined` if the first failure is
 * final.
 * @throws TypeError
 */
export function planRetry(retry: unknown, what: string): PlannedRetry | undefined {
  const policy = checkOptions(typeof retry === 'number' ? { attempts: retry } : retry, what, CHECKS, what)
  const {
    attempts = CHECKS.attempts(undefined, `attempts of ${what}`),
    delay = 1000,
    factor = 2,
    maxDelay = Math.max(60_000, delay),
    jitter = true,
    when,
  } = policy
  if (maxDelay < delay) throw mustBe(`maxDelay of ${what}`, `at least its delay, ${delay} ms`, maxDelay)
  if (attempts === 1) return undefined
  return { attempts, delayMs: delay, factor, maxDelayMs: maxDelay, jitter, ...(when && { when }) }
}

/**
 * FNV-1a, then the final mix of MurmurHash3: without it, seeds that differ only in the last digit
 * give almost the same fraction.
 */
function fraction(seed: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/**
 * Milliseconds before the attempt that follows a failure. Pure: the same arguments always give the
 * same delay.
 * @param failures so far, from 1
 * @param seed differs from process to process and attempt to attempt; with jitter it picks from 50
 * to 100 % of the delay
 */
export function retryDelay(
  { delayMs, factor, maxDelayMs, jitter }: PlannedRetry,
  failures: number,
  seed: string,
): number {
  if (delayMs === 0) return 0
  const delay = Math.min(maxDelayMs, delayMs * factor ** (failures - 1))
  return Math.round(jitter ? delay * (0.5 + fraction(seed) / 2) : delay)
}

/**
 * Whether the error, and the `when` of the policy, allow another attempt. The number of attempts is
 * not considered.
 * @throws AggregateError of both if `when` throws
 */
export function mayRetry({ when }: PlannedRetry, error: unknown, attempt: number): Retryability {
  const verdict = retryability(error)
  if (!verdict.retryable || !when) return verdict
  try {
    return when(error, attempt) ? verdict : { retryable: false }
  } catch (thrown) {
    throw new AggregateError([error, thrown], `The step failed, and so did the 'when' of its retry policy`, {
      cause: thrown,
    })
  }
}

/** A failed attempt. `attempt` counts the attempts begun; `failures` includes this one. */
export interface Failure {
  readonly error: unknown
  readonly attempt: number
  readonly failures: number
  readonly seed: string
}

/**
 * Milliseconds to wait before another attempt; `undefined` if there is none.
 * @throws AggregateError of both if the policy's own `when` throws
 */
export function retryWait(
  retry: PlannedRetry | undefined,
  { error, attempt, failures, seed }: Failure,
): number | undefined {
  if (retry === undefined || failures >= retry.attempts) return undefined
  const { retryable, afterMs } = mayRetry(retry, error, attempt)
  return retryable ? (afterMs ?? retryDelay(retry, failures, seed)) : undefined
}
