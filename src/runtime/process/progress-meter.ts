import type { Progress, Transition } from '../../record/record.ts'
import type { Clock } from '../../record/clock.ts'

/** At most ten reports a second are written. */
const INTERVAL_MS = 100

type Reports = Readonly<Record<string, Progress>>

/** A process that is ended from outside while its steps run: how far they were stays on record. */
export function keepProgress(transition: Transition, reports: Reports): Transition {
  const steps = Object.entries(transition.steps).map(([name, step]) => {
    const progress = step.progress ?? reports[name]
    return [name, progress === undefined ? step : { ...step, progress }] as const
  })
  return { ...transition, steps: Object.fromEntries(steps) }
}

/** Thins out reports: the first is passed on at once, then the newest of each interval. */
export class ProgressMeter {
  readonly #clock: Clock
  readonly #write: (step: string, progress: Reports) => void
  #waiting: Reports | undefined
  #newest = ''
  #cancel: (() => void) | undefined

  constructor(clock: Clock, write: (step: string, progress: Reports) => void) {
    this.#clock = clock
    this.#write = write
  }

  report(step: string, progress: Progress): void {
    this.#waiting = { ...this.#waiting, [step]: progress }
    this.#newest = step
    if (this.#cancel === undefined) this.#flush()
  }

  /** Drops what a transition made stale, and returns it. */
  clear(): Reports | undefined {
    const stale = this.#waiting
    this.#waiting = undefined
    return stale
  }

  stop(): void {
    this.clear()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #flush(): void {
    const progress = this.clear()
    this.#cancel = undefined
    if (progress === undefined) return
    this.#cancel = this.#clock.after(INTERVAL_MS, () => this.#flush())
    this.#write(this.#newest, progress)
  }
}
