import { setImmediate } from 'node:timers/promises'

/** A long loop of short synchronous calls awaits this between them, so that it never holds up the event loop for long. */
export function createLoopYield(budgetMs = 4): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < budgetMs) return undefined
    return setImmediate().then(() => void (since = performance.now()))
  }
}
