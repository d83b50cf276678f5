import { setImmediate } from 'node:timers/promises'

/** A step waits for it until a test opens it. */
export function gate<T = void>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { promise, open: resolve, fail: reject }
}

/** Lets everything that waits for nothing but its turn happen. */
export async function settled(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate()
}

/** Resolves when the signal aborts, with its reason. */
export const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise(resolve => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
