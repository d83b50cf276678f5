import { wait, type Clock } from '../../record/clock.ts'
import type { PlannedRetry } from '../retry.ts'
import { retryWait } from '../retry.ts'
import { Execution, settling } from './execution.ts'

export interface Attempted<T> {
  /** Names the work in the message of a timeout. */
  readonly what: string
  readonly retry?: PlannedRetry | undefined
  /** Of one attempt. */
  readonly timeoutMs?: number | undefined
  /** Makes the jitter of retries differ from one unit of work to the next. */
  readonly seed: string
  readonly clock: Clock
  /** Ends it all: the attempt under way is told to end and is waited for, and no other begins. */
  readonly signal: AbortSignal
  /** @param attempt from 1 */
  readonly work: (attempt: number, execution: Execution) => Promise<T>
  /**
   * Makes the error to throw when no other attempt is granted.
   * @param settled resolves once all work has settled; after a timeout it may go on
   */
  readonly giveUp: (failure: unknown, attempt: number, settled: Promise<unknown>) => Error | Promise<Error>
}

/**
 * Attempts at work until one succeeds or no other is granted: for items of a list, and for steps
 * that run in their caller. The steps of a process are retried by its chart, so that a retry
 * survives the host.
 */
export async function attemptUntilDone<T>(attempted: Attempted<T>): Promise<T> {
  const { clock, signal, seed, retry, giveUp } = attempted
  let settled: Promise<unknown> = Promise.resolve()
  for (let attempt = 1; ; attempt++) {
    const execution = new Execution(clock)
    try {
      return await attemptOnce(attempted, attempt, execution)
    } catch (error) {
      settled = Promise.all([settled, execution.settled])
      if (!signal.aborted) {
        const next = judge(retry, error, attempt, `${seed}:${attempt}`)
        if ('failure' in next) throw await giveUp(next.failure, attempt, settled)
        await Promise.all([wait(clock, next.waitMs, signal), settling(settled, clock, signal)]).catch(() => {})
      }
    }
    if (!signal.aborted) continue
    await settled
    throw signal.reason
  }
}

function judge(
  retry: PlannedRetry | undefined,
  error: unknown,
  attempt: number,
  seed: string,
): { waitMs: number } | { failure: unknown } {
  try {
    const waitMs = retryWait(retry, { error, attempt, failures: attempt, seed })
    return waitMs === undefined ? { failure: error } : { waitMs }
  } catch (both) {
    return { failure: both }
  }
}

/** The work's output; rejects with what it throws, or as soon as its time is over. */
async function attemptOnce<T>(
  { work, what, timeoutMs, signal }: Attempted<T>,
  attempt: number,
  execution: Execution,
): Promise<T> {
  const stop = (): void => execution.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const working = work(attempt, execution)
    return await (timeoutMs === undefined ? working : execution.within(timeoutMs, what, working))
  } finally {
    execution.end()
    signal.removeEventListener('abort', stop)
  }
}
