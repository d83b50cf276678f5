/** The places in which processes run at the same time. Those that go on come before those that begin. */
export class Slots {
  /** Told when one is free and nobody here waits for it. */
  onFree: () => void = () => {}
  #free: number
  // Sets keep the order of insertion, and a place in the middle can be given up.
  readonly #resuming = new Set<() => void>()
  readonly #beginning = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  get free(): number {
    return this.#free
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
    this.onFree()
  }
}

/** One process's place among the slots. */
export class Seat {
  readonly #slots: Slots
  #held = false
  /** Who waits for it: several branches may, for the one seat. */
  #waiting: (() => void)[] = []
  #giveUp: (() => void) | undefined

  constructor(slots: Slots) {
    this.#slots = slots
  }

  get held(): boolean {
    return this.#held
  }

  /** Calls `taken` once the process has a slot, unless `leave` comes first. */
  take(taken: () => void, order: 'resuming' | 'beginning'): void {
    if (this.#held) return taken()
    this.#waiting.push(taken)
    if (this.#waiting.length > 1) return
    const giveUp = this.#slots.take(() => {
      this.#held = true
      this.#giveUp = undefined
      for (const begin of this.#waiting.splice(0)) begin()
    }, order)
    if (!this.#held) this.#giveUp = giveUp
  }

  /** Gives up the place in the queue; a slot that is held stays so. */
  leaveQueue(): void {
    this.#giveUp?.()
    this.#giveUp = undefined
    this.#waiting = []
  }

  /** Gives up the slot, or the place in the queue. */
  leave(): void {
    this.leaveQueue()
    if (this.#held) this.#slots.release()
    this.#held = false
  }
}
