import type { Progress } from '../store/record.ts'
import { show } from '../steps/show.ts'
import type { Clock } from './clock.ts'

/** At most ten reports a second are written. */
const INTERVAL_MS = 100

export function toProgress(value: unknown, total?: unknown, message?: unknown): Progress {
  const isNumber = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n)
  if (!isNumber(value)) throw new TypeError(`progress(value): expected a finite number, received ${show(value)}`)
  if (total !== undefined && !isNumber(total)) throw new TypeError(`progress(value, total): expected a finite number, received ${show(total)}`)
  if (message !== undefined && typeof message !== 'string') throw new TypeError(`progress(value, total, message): expected a string, received ${show(message)}`)
  return { value, ...(total !== undefined && { total }), ...(message !== undefined && { message }) }
}

/** Thins out reports: the first is passed on at once, then the newest of each interval. */
export class ProgressMeter {
  readonly #clock: Clock
  readonly #write: (step: string, progress: Readonly<Record<string, Progress>>) => void
  #waiting: Record<string, Progress> | undefined
  #newest = ''
  #cancel: (() => void) | undefined

  constructor(clock: Clock, write: (step: string, progress: Readonly<Record<string, Progress>>) => void) {
    this.#clock = clock
    this.#write = write
  }

  report(step: string, progress: Progress): void {
    this.#waiting = { ...this.#waiting, [step]: progress }
    this.#newest = step
    if (this.#cancel === undefined) this.#flush()
  }

  /** Drops what a transition made stale. */
  clear(): void {
    this.#waiting = undefined
  }

  stop(): void {
    this.#waiting = undefined
    this.#cancel?.()
    this.#cancel = undefined
  }

  #flush(): void {
    const progress = this.#waiting
    this.#cancel = undefined
    if (progress === undefined) return
    this.#waiting = undefined
    this.#cancel = this.#clock.after(INTERVAL_MS, () => this.#flush())
    this.#write(this.#newest, progress)
  }
}
