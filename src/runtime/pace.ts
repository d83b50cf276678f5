/** How long work may go on without letting the event loop turn, in milliseconds. */
const BUDGET_MS = 4
/** How many that wait go on in one turn. */
const PER_TURN = 4

/**
 * Short steps on a local store go from promise to promise and would never let the event loop turn: no timer, no socket, no web server in
 * the same Node process. So each awaits this before it goes on: nothing as long as the loop has turned lately, else its place in a queue, of which
 * a few go on in each turn.
 */
export function createPace(): () => Promise<void> | undefined {
  const waiting: (() => void)[] = []
  let since = performance.now()
  const turn = (): void => {
    since = performance.now()
    for (const go of waiting.splice(0, PER_TURN)) go()
    if (waiting.length > 0) setImmediate(turn)
  }
  return () => {
    if (waiting.length === 0 && performance.now() - since < BUDGET_MS) return undefined
    return new Promise(resolve => {
      if (waiting.push(resolve) === 1) setImmediate(turn)
    })
  }
}
