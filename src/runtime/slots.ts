/** The places in which processes run at the same time. Those that go on come before those that begin. */
export class Slots {
  #free: number
  // Sets keep the order of insertion, and a place in the middle can be given up.
  readonly #resuming = new Set<() => void>()
  readonly #beginning = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /** Calls `taken` once a slot is the caller's: at once if one is free. Returns a function that gives up waiting. */
  take(taken: () => void, order: 'resuming' | 'beginning'): () => void {
    if (this.#free > 0) {
      this.#free -= 1
      taken()
      return () => {}
    }
    const queue = order === 'resuming' ? this.#resuming : this.#beginning
    queue.add(taken)
    return () => queue.delete(taken)
  }

  release(): void {
    for (const queue of [this.#resuming, this.#beginning])
      for (const next of queue) {
        queue.delete(next)
        next()
        return
      }
    this.#free += 1
  }
}
