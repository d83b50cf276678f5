import { foregroundClock, wait } from '../../record/clock.ts'

/**
 * Settles as the promise does, or rejects as soon as the signal aborts; what comes later is
 * dropped.
 */
function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/**
 * Gives `body` a signal that aborts with `late()` after so many milliseconds (never, if undefined)
 * and whenever `outer` aborts. Rejects then at once, whether `body` heeds it or not.
 */
export async function withLimit<T>(
  ms: number | undefined,
  outer: AbortSignal,
  late: () => Error,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const limit = new AbortController()
  const done = new AbortController()
  const signal = AbortSignal.any([outer, limit.signal])
  if (ms !== undefined)
    wait(foregroundClock, ms, done.signal).then(
      () => limit.abort(late()),
      () => {},
    )
  try {
    return await untilAborted(signal, body(signal))
  } finally {
    done.abort()
  }
}
