import { slotsChannel, type SlotsMessage } from '../../record/diagnostics.ts'

/** The priority of those that go on: they come before those that begin. */
export const GOING_ON = Infinity

/** The slots of a host: so many processes run at the same time. */
export class Slots {
  /** Called when a slot is freed and nobody here waits for it. */
  onFree: () => void = () => {}
  readonly #count: number
  readonly #host: string
  #free: number
  /**
   * By priority. Sets keep the order of insertion, and a place in the middle can be given up.
   */
  readonly #queues = new Map<number, Set<() => void>>()

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
  acquire(acquired: () => void, priority: number): () => void {
    if (this.#free > 0) {
      this.#free -= 1
      this.#publish()
      acquired()
      return () => {}
    }
    const queue = this.#queues.get(priority) ?? new Set()
    this.#queues.set(priority, queue.add(acquired))
    return () => queue.delete(acquired)
  }

  release(): void {
    const queue = this.#highest()
    if (queue !== undefined)
      for (const next of queue) {
        queue.delete(next)
        return next()
      }
    this.#free += 1
    this.#publish()
    this.onFree()
  }

  /** The host is closed. */
  close(): void {
    this.#publish(0)
  }

  #highest(): Set<() => void> | undefined {
    let highest = -Infinity
    for (const [priority, { size }] of this.#queues) if (size > 0 && priority > highest) highest = priority
    return this.#queues.get(highest)
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
  acquire(acquired: () => void, priority: number): void {
    if (this.#held) return acquired()
    this.#waiting.push(acquired)
    if (this.#waiting.length > 1) return
    const stopWaiting = this.#slots.acquire(() => {
      this.#held = true
      this.#stopWaiting = undefined
      for (const next of this.#waiting.splice(0)) next()
    }, priority)
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
