/**
 * Calls `run` for each index, at most `concurrency` at once, in order. When one rejects no more
 * begin: the promise rejects with what it threw as soon as those under way have settled too.
 * `stopped` is asked before each.
 */
export async function pool(
  indexes: Iterable<number>,
  concurrency: number,
  run: (index: number) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  const left = indexes[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  const lane = async (): Promise<void> => {
    while (!failure && !stopped()) {
      const next = left.next()
      if (next.done) return
      try {
        await run(next.value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  if (failure) throw failure.error
}
