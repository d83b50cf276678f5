import { isDeepStrictEqual } from 'node:util'
import { tickKey } from '../../client/new-process.ts'
import { isStoreError, StepwrightError } from '../../errors.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import { describeSchedule, lastTick, nextTick, periodOf, type PlannedSchedule } from '../../steps/schedule.ts'
import { putSchedule, readSchedules, type StoredSchedule } from '../../store/schedules.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../record/clock.ts'
import type { Reports } from './reports.ts'

/**
 * A host that comes later than this was asleep with its machine, or blocked: the tick was missed.
 */
const LATE_MS = 60_000
const LOOK_MS = 60_000
const RETRY_MS = 1_000

type ScheduledPlan = ProcessPlan & { readonly schedule: PlannedSchedule }

interface SchedulesOptions {
  readonly clock: Clock
  readonly store: Pick<Store, 'documents'>
  /** Ticks of this name are missed. */
  readonly isPaused: (name: string) => boolean
  /** Starts a process, unless there is one with this key. */
  readonly start: (plan: ProcessPlan, key: string, labels: Readonly<Record<string, string>>) => Promise<void>
  readonly onProblem: (what: string, error: unknown) => void
  readonly onClockAhead: Reports['clockAhead']
}

/**
 * Starts the processes whose definitions have a schedule. Every host does: the key of a process is
 * its name and its tick, so there is one process per tick. How far a schedule is settled stands in
 * the store, and outlives the processes.
 */
export class Schedules {
  readonly #options: SchedulesOptions
  readonly #plans: readonly ScheduledPlan[]
  readonly #timers = new Map<string, { readonly cancel: () => void; readonly look: () => void }>()
  readonly #noted = new Map<string, StoredSchedule>()
  #stopped = false

  /** @param plans of several versions of a name the last one counts */
  constructor(plans: readonly ProcessPlan[], options: SchedulesOptions) {
    const newest = new Map(plans.map(plan => [plan.name, plan]))
    this.#plans = [...newest.values()].filter(plan => plan.schedule !== undefined) as ScheduledPlan[]
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#plans.length === 0
  }

  /** Catches up where that is wanted, and waits for the next tick of each. */
  async start(): Promise<void> {
    if (this.isEmpty) return
    const { store, onProblem } = this.#options
    const stored = await readSchedules(store.documents, ({ error }) =>
      onProblem('A schedule in the store makes no sense', error),
    )
    const known = new Map(stored.map(one => [one.name, one.settled]))
    const now = this.#options.clock.now()
    // A schedule that is new has missed nothing.
    for (const plan of this.#plans) void this.#look(plan, known.get(plan.name) ?? now)
  }

  stop(): void {
    this.#stopped = true
    for (const { cancel } of this.#timers.values()) cancel()
  }

  /** Looks at a schedule now: it is no longer paused. */
  look(name: string): void {
    const timer = this.#timers.get(name)
    timer?.cancel()
    timer?.look()
  }

  /**
   * Starts the process of a tick that has come, and looks again at the next one, but at least once
   * a minute: the clock may be set meanwhile.
   * @param settled ticks up to this time have had their process, or will have none
   */
  async #look(plan: ScheduledPlan, settled: number): Promise<void> {
    const { clock, onProblem } = this.#options
    const { name, schedule } = plan
    let waitMs = RETRY_MS
    try {
      settled = await this.#keep(plan, this.#believed(plan, settled))
      const next = nextTick(schedule, clock.now())
      await this.#note(plan, settled, next)
      if (next === undefined) return
      waitMs = Math.min(next - clock.now(), LOOK_MS)
    } catch (error) {
      onProblem(`The schedule of process '${name}' could not be kept`, error)
    }
    if (this.#stopped) return
    const look = (): void => {
      this.#timers.delete(name)
      void this.#look(plan, settled)
    }
    this.#timers.set(name, { look, cancel: clock.after(Math.max(0, waitMs), look) })
  }

  /**
   * Nothing can be settled later than now: if it is, some clock was ahead, and the schedule goes on
   * from now instead of waiting for that time.
   */
  #believed({ name, schedule }: ScheduledPlan, settled: number): number {
    const now = this.#options.clock.now()
    // Clocks of hosts differ a little, and nothing is lost before the next tick.
    if (settled <= now + periodOf(schedule, now)) return settled
    this.#options.onClockAhead(`The schedule of process '${name}'`, settled - now, { schedule: name })
    return now
  }

  /**
   * Starts the process of the newest tick if it has none and it is not too late for it. Returns up
   * to when ticks are settled then.
   */
  async #keep(plan: ScheduledPlan, settled: number): Promise<number> {
    const { name, schedule } = plan
    const now = this.#options.clock.now()
    const tick = lastTick(schedule, now)
    if (tick === undefined || tick <= settled || this.#options.isPaused(name)) return settled
    if (schedule.missed === 'once' || now - tick < LATE_MS) await this.#startOne(plan, tick)
    return tick
  }

  async #startOne(plan: ProcessPlan, tick: number): Promise<void> {
    const at = new Date(tick).toISOString()
    try {
      await this.#options.start(plan, tickKey(plan.name, at), { tick: at })
    } catch (error) {
      if (!(error instanceof StepwrightError) || isStoreError(error)) throw error
      // An input that the schema wants, for example: this tick is over, though the next one will
      // fare no better.
      this.#options.onProblem(`Process '${plan.name}' could not be started at ${at}`, error)
    }
  }

  /** Only what has changed: a host looks more often than ticks come. */
  async #note({ name, schedule }: ScheduledPlan, settled: number, next: number | undefined): Promise<void> {
    const { at, missed } = schedule
    const entry: StoredSchedule = {
      name,
      schedule: describeSchedule(schedule),
      ...('timeZone' in at && { timeZone: at.timeZone }),
      missed,
      settled,
      ...(next !== undefined && { next }),
    }
    if (isDeepStrictEqual(entry, this.#noted.get(name))) return
    await putSchedule(this.#options.store.documents, entry)
    this.#noted.set(name, entry)
  }
}
