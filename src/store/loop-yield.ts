import { setImmediate } from 'node:timers/promises'

/**
 * Returns a function that a long loop of short synchronous calls awaits between them, so that it
 * never holds up the event loop for long.
 */
export function createLoopYield(budgetMs = 4): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < budgetMs) return undefined
    return setImmediate().then(() => void (since = performance.now()))
  }
}
