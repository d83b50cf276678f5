import type { Random } from '../random.ts'

/** Who has events: a process, or the one that plays against them. */
export interface Actor {
  readonly queue: Event[]
  /** Its events wait: it is stopped, dead, or in the middle of something. */
  readonly isHeld: boolean
  run(callback: () => void): void
}

export interface Event {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
}

/**
 * The time of the world, and whose turn it is. One event runs at a time, with all that it sets off.
 */
export class Scheduler {
  /** Milliseconds since the beginning, whatever the clocks on the walls show. */
  nowMs = 0
  /** Events run so far. */
  turns = 0
  readonly actors: Actor[] = []
  readonly #random: Random
  #order = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** @returns a function that cancels it */
  after(actor: Actor, ms: number, callback: () => void): () => void {
    const event: Event = { atMs: this.nowMs + ms, order: ++this.#order, callback }
    const { queue } = actor
    let place = queue.length
    while (place > 0 && queue[place - 1]!.atMs > event.atMs) place--
    queue.splice(place, 0, event)
    return () => {
      const index = queue.indexOf(event)
      if (index >= 0) queue.splice(index, 1)
    }
  }

  /** Runs the next event that is due by `untilMs`. @returns false if there is none */
  step(untilMs: number): boolean {
    const actor = this.#next(untilMs)
    if (actor === undefined) return false
    const event = actor.queue.shift()!
    this.nowMs = Math.max(this.nowMs, event.atMs)
    this.turns += 1
    actor.run(event.callback)
    return true
  }

  /** Of those that are late already any may be next. */
  #next(untilMs: number): Actor | undefined {
    const ready = this.actors.filter(({ isHeld, queue }) => !isHeld && queue.length > 0 && queue[0]!.atMs <= untilMs)
    const late = ready.filter(({ queue }) => queue[0]!.atMs <= this.nowMs)
    if (late.length > 0) return this.#random.pick(late)
    let next: Actor | undefined
    for (const actor of ready) if (next === undefined || isBefore(actor.queue[0]!, next.queue[0]!)) next = actor
    return next
  }
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
