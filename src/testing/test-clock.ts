import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../record/clock.ts'
import { toMs, type Duration } from '../record/duration.ts'
import { mustBe } from '../record/check.ts'

interface Alarm {
  readonly at: number
  readonly callback: () => void
}

/**
 * The time at which every test clock begins, so that times in records are the same in every run.
 */
const BEGINNING = Date.UTC(2030, 0, 1)

/**
 * A clock that stands still until a test moves it: hours of sleeps and retry waits take
 * milliseconds.
 *
 * @example
 * await clock.advance('2h')
 */
export class TestClock implements Clock {
  #now = BEGINNING
  readonly #alarms = new Set<Alarm>()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const alarm: Alarm = { at: this.#now + ms, callback }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  /**
   * Moves the clock forward and fires every timer that comes due on the way, each at its own time.
   * After each timer, everything that follows from it runs as far as it can without waiting for the
   * outside world.
   */
  async advance(duration: Duration): Promise<void> {
    const end = this.#now + toMs(duration, 'advance(duration)')
    await setImmediate()
    for (let next = this.#nextBy(end); next; next = this.#nextBy(end)) {
      this.#alarms.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await setImmediate()
    }
    this.#now = end
  }

  /** Sets the clock as a person or NTP would: no timer fires on the way. */
  set(epochMs: number): void {
    if (!Number.isFinite(epochMs)) throw mustBe('time of set()', 'epoch milliseconds', epochMs)
    const step = epochMs - this.#now
    this.#now = epochMs
    // A timer counts time that passes, not what the clock on the wall shows.
    const shifted = [...this.#alarms].map(alarm => ({ alarm, at: alarm.at + step }))
    for (const { alarm, at } of shifted) Object.assign(alarm, { at })
  }

  /** When the next timer comes due, in epoch milliseconds. */
  get nextAt(): number | undefined {
    return this.#nextBy(Infinity)?.at
  }

  #nextBy(end: number): Alarm | undefined {
    let next: Alarm | undefined
    for (const alarm of this.#alarms) if (alarm.at <= end && (next === undefined || alarm.at < next.at)) next = alarm
    return next
  }
}
