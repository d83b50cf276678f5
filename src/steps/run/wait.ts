/** A longer `setTimeout` fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Waits so many milliseconds, however many; rejects with the signal's reason as soon as it aborts. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    let timer: NodeJS.Timeout
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const arm = (left: number): void => {
      timer = setTimeout(
        () => {
          if (left > MAX_TIMEOUT_MS) return arm(left - MAX_TIMEOUT_MS)
          signal?.removeEventListener('abort', stop)
          resolve()
        },
        Math.min(left, MAX_TIMEOUT_MS),
      )
    }
    signal?.addEventListener('abort', stop, { once: true })
    arm(ms)
  })
}
