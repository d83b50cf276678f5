import { slotsChannel, type SlotsMessage } from '../../record/diagnostics.ts'

/** Those that go on come before those that begin. */
type Order = 'resuming' | 'beginning'

/** The slots of a host: so many processes run at the same time. */
export class Slots {
  /** Called when a slot is freed and nobody here waits for it. */
  onFree: () => void = () => {}
  readonly #count: number
  readonly #host: string
  #free: number
  // Sets keep the order of insertion, and a place in the middle can be given up.
  readonly #resuming = new Set<() => void>()
  readonly #beginning = new Set<() => void>()

  constructor(count: number, host: string) {
    this.#count = count
    this.#free = count
    this.#host = host
  }

  get free(): number {
    return this.#free
  }

  /**
   * Calls `acquired` once a slot is the caller's: at once if one is free. Returns a function that
   * stops waiting.
   */
  acquire(acquired: () => void, order: Order): () => void {
    if (this.#free > 0) {
      this.#free -= 1
      this.#publish()
      acquired()
      return () => {}
    }
    const queue = order === 'resuming' ? this.#resuming : this.#beginning
    queue.add(acquired)
    return () => queue.delete(acquired)
  }

  release(): void {
    for (const queue of [this.#resuming, this.#beginning])
      for (const next of queue) {
        queue.delete(next)
        next()
        return
      }
    this.#free += 1
    this.#publish()
    this.onFree()
  }

  /** The host is closed. */
  close(): void {
    this.#publish(0)
  }

  #publish(limit = this.#count): void {
    if (slotsChannel.hasSubscribers)
      slotsChannel.publish({
        host: this.#host,
        used: limit === 0 ? 0 : this.#count - this.#free,
        limit,
      } satisfies SlotsMessage)
  }
}

/** The slot of one process: held, waited for, or neither. */
export class Slot {
  readonly #slots: Slots
  #held = false
  /** Several branches of a process may wait for its one slot. */
  #waiting: (() => void)[] = []
  #stopWaiting: (() => void) | undefined

  constructor(slots: Slots) {
    this.#slots = slots
  }

  get held(): boolean {
    return this.#held
  }

  /**
   * Calls `acquired` once the process has a slot, unless `release` or `stopWaiting` comes first.
   */
  acquire(acquired: () => void, order: Order): void {
    if (this.#held) return acquired()
    this.#waiting.push(acquired)
    if (this.#waiting.length > 1) return
    const stopWaiting = this.#slots.acquire(() => {
      this.#held = true
      this.#stopWaiting = undefined
      for (const next of this.#waiting.splice(0)) next()
    }, order)
    if (!this.#held) this.#stopWaiting = stopWaiting
  }

  /** Leaves the queue; a slot that is held stays so. */
  stopWaiting(): void {
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#waiting = []
  }

  /** Gives up the slot, or the place in the queue. */
  release(): void {
    this.stopWaiting()
    if (this.#held) this.#slots.release()
    this.#held = false
  }
}
