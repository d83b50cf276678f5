/** What tells the time and rings. Injected, so that tests move hours in milliseconds. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /**
   * Calls back once `ms` have passed, whatever the wall clock is set to meanwhile. Returns a
   * function that cancels.
   */
  after(ms: number, callback: () => void): () => void
}

/** A longer `setTimeout` fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

function createClock(arm: (callback: () => void, ms: number) => NodeJS.Timeout): Clock {
  return {
    now: () => Date.now(),
    after(ms, callback) {
      let timer: NodeJS.Timeout
      const ring = (left: number): void => {
        timer = arm(
          left > MAX_TIMEOUT_MS ? () => ring(left - MAX_TIMEOUT_MS) : callback,
          Math.min(left, MAX_TIMEOUT_MS),
        )
      }
      ring(ms)
      return () => clearTimeout(timer)
    },
  }
}

/** Its timers do not keep Node alive: a runtime does that as long as a process needs it. */
export const systemClock = createClock((callback, ms) => setTimeout(callback, ms).unref())

/** Its timers keep Node alive, for work that nothing else holds. */
export const foregroundClock = createClock((callback, ms) => setTimeout(callback, ms))

/** The wall clock may be set: a long wait reads it again this often. */
const REREAD_MS = 60_000

/**
 * Calls back when the wall clock reads `at` (epoch ms) or later, however far away that is. Returns
 * a function that cancels.
 */
export const atTime = (clock: Clock, at: number, callback: () => void): (() => void) =>
  waitUntil(clock, () => at - clock.now(), callback)

/**
 * For the end of a duration: calls back when the wall clock reads `at`, or once as much time has
 * passed as is left now, whichever comes first. So a wait goes on while the machine sleeps, and a
 * clock that is set back does not lengthen it. Returns a function that cancels.
 */
export function atTimeOrAfter(clock: Clock, at: number, callback: () => void): () => void {
  // A timer may ring a millisecond early.
  let left = at - clock.now() + 1
  return waitUntil(clock, passedMs => Math.min((left -= passedMs), at - clock.now()), callback)
}

function waitUntil(clock: Clock, leftAfter: (passedMs: number) => number, callback: () => void): () => void {
  let cancel: () => void
  const arm = (passedMs: number): void => {
    const waitMs = Math.min(Math.max(leftAfter(passedMs), 0), REREAD_MS)
    cancel = clock.after(waitMs, () => (leftAfter(waitMs) <= 0 ? callback() : arm(0)))
  }
  arm(0)
  return () => cancel()
}

/** Resolves once `ms` have passed; rejects with the signal's reason as soon as it aborts. */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}
