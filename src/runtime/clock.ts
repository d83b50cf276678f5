/** What tells the time and rings. Injected, so that tests move hours in milliseconds. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls back after `ms` (below 2^31). Returns a function that cancels. */
  after(ms: number, callback: () => void): () => void
}

/** Timers hold nothing alive by themselves: the runtime does, while a process needs it (rule 7.8). */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** The wall clock may be set and timers overflow at 2^31-1 ms: long waits look again this often. */
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
