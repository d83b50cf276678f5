/** How long work may go on without letting the event loop turn, in milliseconds. */
const BUDGET_MS = 4

/**
 * Lets the event loop turn. Short steps on a local store go from promise to promise: without this
 * no timer, no socket and no web server in the same Node process would ever have its turn. Each
 * step calls it before it begins, and gets `undefined` as long as the loop has turned lately, else
 * a promise for its place in a queue. Each turn of the loop lets as many go on as fit the budget,
 * by how long those of the last turn took.
 */
export function createLoopYield(): () => Promise<void> | undefined {
  let waiting: (() => void)[] = []
  let since = performance.now()
  let perTurn = 1
  const turn = (): void => {
    const now = performance.now()
    perTurn = Math.max(1, Math.floor(Math.min(2 * perTurn, (perTurn * BUDGET_MS) / (now - since))))
    since = now
    const rest = waiting.slice(perTurn)
    for (const go of waiting.slice(0, perTurn)) go()
    waiting = rest
    if (waiting.length > 0) setImmediate(turn)
  }
  return () => {
    if (waiting.length === 0 && performance.now() - since < BUDGET_MS) return undefined
    return new Promise(resolve => {
      if (waiting.push(resolve) === 1) setImmediate(turn)
    })
  }
}
