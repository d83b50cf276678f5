/** What tells the time and rings. Injected, so that tests move hours in milliseconds. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls back once `ms` have passed, whatever the wall clock is set to meanwhile. Returns a function that cancels. */
  after(ms: number, callback: () => void): () => void
}

/** A longer `setTimeout` fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Timers hold nothing alive by themselves: the runtime does, while a process needs it (rule 7.8). */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      timer = setTimeout(left > MAX_TIMEOUT_MS ? () => arm(left - MAX_TIMEOUT_MS) : callback, Math.min(left, MAX_TIMEOUT_MS)).unref()
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
}

/** The wall clock may be set: long waits for a time of day look again this often. */
const LOOK_AGAIN_MS = 60_000

/** Calls back when the wall clock reads `at` (epoch ms) or later, however far away that is. Returns a function that cancels. */
export function atTime(clock: Clock, at: number, callback: () => void): () => void {
  let cancel: () => void
  const arm = () => {
    const left = at - clock.now()
    cancel = clock.after(Math.min(Math.max(left, 0), LOOK_AGAIN_MS), left <= 0 ? callback : () => (clock.now() >= at ? callback() : arm()))
  }
  arm()
  return () => cancel()
}
