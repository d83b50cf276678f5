import { settling } from '../../steps/run/execution.ts'
import type { Clock } from '../../record/clock.ts'

/** An attempt, to those that wait for its work or end it. */
interface UnderWay {
  /** Settles when the user's work has; unset before it begins. */
  readonly work: Promise<void> | undefined
  /** It was told to end, since nobody waits for its answer. */
  readonly isStopped: boolean
  abort(reason: Error): void
}

const NONE: readonly UnderWay[] = []

/** The attempts of a process that are under way, or were told to end and have not yet. */
export class Attempts {
  readonly #clock: Clock
  /** One, or a few: branches, and what was told to end. */
  #underWay: readonly UnderWay[] = NONE
  /** By step: settles when the attempt that timed out before has, or has had its time to. */
  #predecessors: Map<string, Promise<void>> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(attempt: UnderWay): void {
    this.#underWay = [...this.#underWay, attempt]
  }

  remove(attempt: UnderWay): void {
    const rest = this.#underWay.filter(one => one !== attempt)
    this.#underWay = rest.length === 0 ? NONE : rest
  }

  abort(reason: Error): void {
    for (const attempt of this.#underWay) attempt.abort(reason)
  }

  /** Resolves when nothing executes any more. */
  async over(): Promise<void> {
    const works = (): Promise<void>[] => this.#underWay.flatMap(({ work }) => work ?? [])
    for (let left = works(); left.length > 0; left = works()) await Promise.all(left)
  }

  /** Resolves when what was told to end has, or has had its time to; `undefined`: nothing was. */
  leftovers(): Promise<unknown> | undefined {
    const stopped = this.#underWay.flatMap(({ work, isStopped }) => (isStopped && work) || [])
    const late = [...(this.#predecessors?.values() ?? [])]
    if (stopped.length === 0 && late.length === 0) return undefined
    return Promise.all([settling(Promise.all(stopped), this.#clock), ...late])
  }

  /** The next attempt at the step waits for the work of `attempt`, which was told to end. */
  keepWaiting(step: string, attempt: UnderWay): void {
    const settled = settling(attempt.work ?? Promise.resolve(), this.#clock).then(
      () => void this.#predecessors?.delete(step),
    )
    this.#predecessors ??= new Map()
    this.#predecessors.set(step, settled)
  }

  /** What the next attempt at the step waits for. */
  predecessorOf(step: string): Promise<void> | undefined {
    return this.#predecessors?.get(step)
  }
}
