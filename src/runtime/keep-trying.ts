import { wait, type Clock } from '../record/clock.ts'

const FIRST_WAIT_MS = 50
const LAST_WAIT_MS = 5_000

export interface KeepTryingOptions {
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
  /** Whether an error is one of those that pass. Default: all are. */
  readonly passes?: (error: unknown) => boolean
}

/**
 * Calls `work` until it succeeds, and waits 50 ms after the first failure, doubling to 5 s: a store
 * that fails is waited for, and is no failure of a process. Throws an error that does not pass.
 */
export async function keepTrying<T>(work: () => Promise<T>, { clock, onError, passes }: KeepTryingOptions): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      return await work()
    } catch (error) {
      if (passes?.(error) === false) throw error
      onError?.(error)
    }
    await wait(clock, waitMs)
  }
}
