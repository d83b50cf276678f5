/** How long work may go on without letting the event loop turn, in milliseconds. */
const BUDGET_MS = 4

/**
 * Short steps on a local store go from promise to promise and would never let the event loop turn: no timer, no socket, no web server in
 * the same Node process. So each awaits this before it goes on: nothing as long as the loop has turned lately, else its place in a queue. In each
 * turn as many go on as fit the budget, by how long those of the last turn took.
 */
export function createPace(): () => Promise<void> | undefined {
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
