import { StepwrightError } from '../errors.ts'
import type { Duration } from '../record/duration.ts'
import { toMs } from '../record/duration.ts'

/**
 * Thrown by a step to end its retries: another attempt would fail as well. Any other error with the
 * property `retryable: false` does the same.
 * @example throw new FatalError('No such customer', { cause: error })
 */
export class FatalError extends Error {
  override name = 'FatalError'
  readonly retryable = false
}

/**
 * Thrown by a step to set the wait before the next attempt, if its retry policy allows one.
 * @example throw new RetryError('Rate limited', { after: '30s' })
 */
export class RetryError extends Error {
  override name = 'RetryError'
  readonly afterMs: number
  /** @throws TypeError if `after` is not a duration */
  constructor(message: string, { after, ...options }: { after: Duration; cause?: unknown }) {
    super(message, options)
    this.afterMs = toMs(after, 'after of a RetryError')
  }
}

/** The same step would return the same again. */
const HOPELESS: ReadonlySet<string> = new Set(['ERR_NOT_JSON', 'ERR_RECORD_TOO_LARGE'])

export interface Retryability {
  readonly retryable: boolean
  readonly afterMs?: number
}

/** What an error says of itself about another attempt. Never throws. */
export function retryability(error: unknown): Retryability {
  try {
    if (error instanceof RetryError) return { retryable: true, afterMs: error.afterMs }
    if (error instanceof StepwrightError && HOPELESS.has(error.code)) return { retryable: false }
    return { retryable: (error as { retryable?: unknown } | null | undefined)?.retryable !== false }
  } catch {
    return { retryable: true }
  }
}
