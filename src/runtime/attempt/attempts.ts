import type { Clock } from '../clock.ts'

/** How long a retry waits for the attempt it follows, when that ignores its signal. */
const PREDECESSOR_WAIT_MS = 5_000

/** An attempt, to those that only wait for its work or end it. */
interface UnderWay {
  /** Settles when the user's work has; unset before it begins. */
  readonly work: Promise<void> | undefined
  abort(reason: Error): void
}

const NONE: readonly UnderWay[] = []

/** The attempts of a process that are under way, or were told to end and have not yet. */
export class Attempts {
  readonly #clock: Clock
  /** One, or a few: branches, and what was told to end. */
  #underWay: readonly UnderWay[] = NONE
  /** By step: settles when the attempt that was aborted before has, or has had its time. */
  #predecessors: Map<string, Promise<void>> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The work of one is under way. */
  get executing(): boolean {
    return this.#underWay.some(({ work }) => work !== undefined)
  }

  add(attempt: UnderWay): void {
    this.#underWay = [...this.#underWay, attempt]
  }

  settled(attempt: UnderWay): void {
    const rest = this.#underWay.filter(one => one !== attempt)
    this.#underWay = rest.length === 0 ? NONE : rest
  }

  abort(reason: Error): void {
    for (const attempt of this.#underWay) attempt.abort(reason)
  }

  /** Resolves when nothing executes any more. */
  async over(): Promise<void> {
    while (this.executing) await Promise.all(this.#underWay.flatMap(({ work }) => work ?? []))
  }

  /** The next attempt at the step waits for the work of `attempt`, which was told to end. */
  succeed(step: string, attempt: UnderWay): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(PREDECESSOR_WAIT_MS, resolve)
    const settled = Promise.race([promise, attempt.work ?? promise]).then(() => {
      cancel()
      this.#predecessors?.delete(step)
    })
    this.#predecessors ??= new Map()
    this.#predecessors.set(step, settled)
  }

  predecessorOf(step: string): Promise<void> | undefined {
    return this.#predecessors?.get(step)
  }
}
