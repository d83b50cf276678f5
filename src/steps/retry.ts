import { checkFunction, checkOptions } from '../record/check.ts'
import { toMs } from '../record/duration.ts'
import { retryability, type Retryability } from './fatal.ts'
import type { PlannedRetry } from './plan.ts'
import { show } from '../record/show.ts'

function attemptsOf(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw new TypeError(`attempts of ${what} must be an integer from 1; received ${show(value)}`)
}

function factorOf(value: unknown, what: string): number {
  if (value === undefined) return 2
  if (typeof value === 'number' && Number.isFinite(value) && value >= 1) return value
  throw new TypeError(`factor of ${what} must be a number from 1; received ${show(value)}`)
}

function jitterOf(value: unknown, what: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? true
  throw new TypeError(`jitter of ${what} must be true or false; received ${show(value)}`)
}

/**
 * Checks a retry policy and fills in the defaults. `undefined`: the first failure is the last.
 * @throws TypeError
 */
export function planRetry(retry: unknown, what: string): PlannedRetry | undefined {
  if (retry === undefined) return undefined
  const given = typeof retry === 'number' ? { attempts: retry } : retry
  const policy = checkOptions(given, what, ['attempts', 'delay', 'factor', 'maxDelay', 'jitter', 'when'])
  const delayMs = policy['delay'] === undefined ? 1000 : toMs(policy['delay'], `delay of ${what}`)
  const maxDelayMs = policy['maxDelay'] === undefined ? Math.max(60_000, delayMs) : toMs(policy['maxDelay'], `maxDelay of ${what}`)
  if (maxDelayMs < delayMs) {
    throw new TypeError(`maxDelay of ${what} must not be shorter than its delay, ${delayMs} ms; received ${show(policy['maxDelay'])}`)
  }
  const planned: PlannedRetry = {
    attempts: attemptsOf(policy['attempts'], what),
    delayMs,
    factor: factorOf(policy['factor'], what),
    maxDelayMs,
    jitter: jitterOf(policy['jitter'], what),
    ...(policy['when'] !== undefined && { when: checkFunction(policy['when'], `when of ${what}`) }),
  }
  return planned.attempts === 1 ? undefined : planned
}

/** FNV-1a, then the final mix of MurmurHash3: without it, seeds that differ in the last digit only give almost the same fraction. */
function fraction(seed: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/**
 * Milliseconds before the attempt that follows a failure. Pure: the same arguments always give the same delay.
 * @param failures so far, from 1
 * @param seed differs from process to process and attempt to attempt; with jitter it picks from 50 to 100 % of the delay
 */
export function retryDelay({ delayMs, factor, maxDelayMs, jitter }: PlannedRetry, failures: number, seed: string): number {
  if (delayMs === 0) return 0
  const delay = Math.min(maxDelayMs, delayMs * factor ** (failures - 1))
  return Math.round(jitter ? delay * (0.5 + fraction(seed) / 2) : delay)
}

/**
 * What the error and the policy's own `when` say about another attempt, however many there were.
 * @throws AggregateError of both if `when` throws
 */
export function mayRetry({ when }: PlannedRetry, error: unknown, attempt: number): Retryability {
  const verdict = retryability(error)
  if (!verdict.retryable || !when) return verdict
  try {
    return when(error, attempt) ? verdict : { retryable: false }
  } catch (thrown) {
    throw new AggregateError([error, thrown], `The step failed, and so did the 'when' of its retry policy`, { cause: thrown })
  }
}

/** A failed attempt: `attempt` counts begins, `failures` this one included. */
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
export function retryWait(retry: PlannedRetry | undefined, { error, attempt, failures, seed }: Failure): number | undefined {
  if (retry === undefined || failures >= retry.attempts) return undefined
  const { retryable, afterMs } = mayRetry(retry, error, attempt)
  return retryable ? (afterMs ?? retryDelay(retry, failures, seed)) : undefined
}
