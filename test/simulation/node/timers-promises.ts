const abortError = (signal: AbortSignal): Error =>
  Object.assign(new Error('The operation was aborted', { cause: signal.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  })

const until =
  (arm: (ring: () => void, ms: number) => () => void) =>
  <T>(ms = 0, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(signal))
        return
      }
      const onAbort = (): void => {
        cancel()
        reject(abortError(signal!))
      }
      const cancel = arm(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve(value)
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    })

const timeout = until((ring, ms) => {
  const timer = globalThis.setTimeout(ring, ms)
  return () => globalThis.clearTimeout(timer)
})

const immediate = until(ring => {
  const turn = globalThis.setImmediate(ring)
  return () => globalThis.clearImmediate(turn)
})

export { timeout as setTimeout }
export const setImmediate = <T>(value?: T, options?: { signal?: AbortSignal }): Promise<T | undefined> =>
  immediate(0, value, options)
export default { setTimeout: timeout, setImmediate }
