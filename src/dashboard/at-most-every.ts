/** Shares one result between all who ask within `ms`. */
export function atMostEvery<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let asked = -Infinity
  let answer: Promise<T> | undefined
  return () => {
    if (answer && performance.now() - asked < ms) return answer
    asked = performance.now()
    return (answer = ask())
  }
}
