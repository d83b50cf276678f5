import { isStoreError, StepwrightError } from '../../errors.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import { describeSchedule, lastTick, nextTick, type PlannedSchedule } from '../../steps/schedule.ts'
import { putSchedule, readSchedules, type StoredSchedule } from '../../store/schedules.ts'
import type { Store } from '../../store/store.ts'
import { atTime, type Clock } from '../../record/clock.ts'

/** A timer that is later than this was asleep with its machine, or its host was blocked: its tick was missed. */
const LATE_MS = 60_000
const RETRY_MS = 1_000

type ScheduledPlan = ProcessPlan & { readonly schedule: PlannedSchedule }

interface SchedulesOptions {
  readonly clock: Clock
  readonly store: Pick<Store, 'documents'>
  /** Starts a process, unless there is one with this key. */
  readonly start: (plan: ProcessPlan, key: string, labels: Readonly<Record<string, string>>) => Promise<void>
  readonly onProblem: (what: string, error: unknown) => void
}

/**
 * Starts the processes whose definitions have a schedule. Every host does: the key of a process is its name and its tick, so there is one
 * process per tick. How far a schedule is settled stands in the store, and outlives the processes.
 */
export class Schedules {
  readonly #options: SchedulesOptions
  readonly #plans: readonly ScheduledPlan[]
  readonly #timers = new Map<string, () => void>()
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
    const stored = await readSchedules(store.documents, ({ error }) => onProblem('A schedule in the store makes no sense', error))
    const known = new Map(stored.map(one => [one.name, one.settled]))
    const now = this.#options.clock.now()
    // One that is new has missed nothing.
    for (const plan of this.#plans) void this.#go(plan, known.get(plan.name) ?? now)
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#timers.values()) cancel()
  }

  /** @param settled ticks up to this time have had their process, or will have none */
  async #go(plan: ScheduledPlan, settled: number): Promise<void> {
    const { clock, onProblem } = this.#options
    const { name, schedule } = plan
    let next: () => void
    let at: number
    try {
      const tick = this.#due(schedule, settled)
      if (tick !== undefined) await this.#startOne(plan, tick)
      const until = Math.max(settled, tick ?? 0, schedule.missed === 'skip' ? clock.now() : 0)
      const following = nextTick(schedule, Math.max(until, clock.now()))
      await this.#note(plan, until, following)
      if (following === undefined) return
      at = following
      next = () => void this.#go(plan, Math.max(until, following - 1))
    } catch (error) {
      onProblem(`The schedule of process '${name}' could not be kept`, error)
      at = clock.now() + RETRY_MS
      next = () => void this.#go(plan, settled)
    }
    if (!this.#stopped) this.#timers.set(name, atTime(clock, at, next))
  }

  /** The tick to start a process for now: the newest one that has none, if it is not too late for it. */
  #due(schedule: PlannedSchedule, settled: number): number | undefined {
    const now = this.#options.clock.now()
    const tick = lastTick(schedule, now)
    if (tick === undefined || tick <= settled) return undefined
    return schedule.missed === 'once' || now - tick < LATE_MS ? tick : undefined
  }

  async #startOne(plan: ProcessPlan, tick: number): Promise<void> {
    const at = new Date(tick).toISOString()
    try {
      await this.#options.start(plan, `schedule:${plan.name}:${at}`, { tick: at })
    } catch (error) {
      if (!(error instanceof StepwrightError) || isStoreError(error)) throw error
      // An input that the schema wants, for example: this tick is over, though the next one will fare no better.
      this.#options.onProblem(`Process '${plan.name}' could not be started at ${at}`, error)
    }
  }

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
    await putSchedule(this.#options.store.documents, entry)
  }
}
