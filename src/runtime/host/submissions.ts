import { isTick } from '../../client/new-process.ts'
import { statusOf } from '../../machines/snapshot.ts'
import { atTime, systemClock, type Clock } from '../../record/clock.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { toJson } from '../../record/json.ts'
import type { Room } from '../../record/limit.ts'
import { currentLimits, limitsOf } from '../../steps/limit.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import { validateInput } from '../../steps/validate.ts'
import { moveTimes } from '../../record/move-times.ts'
import {
  identityOf,
  isSubmission,
  type ErrorRecord,
  type ProcessIdentity,
  type ProcessRecord,
} from '../../record/record.ts'
import { isLoss } from '../../store/failures.ts'
import type { HostStore, Store } from '../../store/store.ts'
import { keepTrying } from '../keep-trying.ts'
import type { LiveProcess, NewProcess } from '../process/live-process.ts'
import type { Program } from '../process/environment.ts'
import type { WorkerOptions } from '../options.ts'
import type { Limits } from './limits.ts'
import type { Programs } from './programs.ts'
import { choose, eligible, isForWorkers, isFreshFork, waitingOf, type Waiting } from './queue.ts'

/** A process that has not begun, as a host makes it of a submission. */
export type CompletedProcess = ProcessIdentity & NewProcess

export interface SubmissionsOptions {
  readonly store: Pick<HostStore, 'take' | 'complete' | 'requeue'>
  readonly readers: Pick<Store, 'rooms'>
  readonly limits: Pick<Limits, 'claim'>
  readonly programs: Programs
  readonly worker: Required<WorkerOptions> | undefined
  readonly clock: Clock
  readonly maxRecordBytes: number
  readonly isPaused: (name: string) => boolean
  readonly freeSlots: () => number
  readonly isDraining: () => boolean
  /** Keeps Node alive for a process of this host that waits. */
  readonly hold: (pid: string) => void
  readonly letGo: (pid: string) => void
  /** Looks again. */
  readonly wake: () => void
  /** Runs before a process that was taken is run. */
  readonly prepare: (pid: string) => Promise<void>
  /** Makes the process one of this host's, and calls `start` with it unless the host closes. */
  readonly run: (program: Program, record: ProcessRecord | CompletedProcess, start: (live: LiveProcess) => void) => void
  readonly onProblem: (what: string, error?: unknown) => void
}

/**
 * Takes what clients have put into the store. A worker takes what was submitted, as long as slots
 * are free. Every host takes the forks that it can run, and what was started by hand from a
 * schedule.
 */
export class Submissions {
  readonly #options: SubmissionsOptions
  readonly #unknown = new Set<string>()
  readonly #completing = new Set<string>()
  /** By pid, oldest first. Nobody changes what waits, so it is read once. */
  readonly #waiting = new Map<string, Waiting>()
  #areWaiting = false
  /** When each group of the queue was last served, as a number that grows. */
  readonly #served = new Map<string, number>()
  #count = 0
  /** Of the processes that wait, the pids of those that this host has started. */
  readonly #ours = new Set<string>()
  #left: number
  #cancelTimer: () => void = () => {}
  /** Nothing more would be taken, as of the last look. */
  #isExhausted: boolean

  constructor(options: SubmissionsOptions) {
    this.#options = options
    this.#left = options.worker?.maxProcesses ?? 0
    this.#isExhausted = this.#left === 0
  }

  isCompleting(pid: string): boolean {
    return this.#completing.has(pid)
  }

  get isExhausted(): boolean {
    return this.#isExhausted && this.#ours.size === 0
  }

  /** There is something that this host takes once it may begin. */
  get areWaiting(): boolean {
    return this.#areWaiting || this.#ours.size > 0
  }

  isWaiting(pid: string): boolean {
    return this.#waiting.get(pid)?.plan !== undefined
  }

  /** A process that this host has started waits until it may begin, here or elsewhere. */
  await(pid: string): void {
    this.#ours.add(pid)
    this.#options.hold(pid)
    this.#options.wake()
  }

  stop(): void {
    this.#cancelTimer()
  }

  /** Something waits for a limit. */
  get areLimited(): boolean {
    for (const { limits } of this.#waiting.values()) if (limits.length > 0) return true
    return false
  }

  /** @param isCancelled whether a client wants it cancelled */
  async take(isCancelled: (pid: string) => boolean): Promise<void> {
    const { worker, clock, freeSlots, isPaused, isDraining } = this.#options
    await this.#read()
    await this.#takeRaw()
    const before = { now: clock.now(), freeSlots: freeSlots(), left: this.#left, isPaused, isCancelled }
    const room = { ...before, rooms: await this.#rooms(before), served: this.#served }
    const { pids, isFull, nextAt } = choose([...this.#waiting.values()], room)
    let tookAny = false
    for await (const record of this.#taken(pids)) {
      const { group } = this.#waiting.get(record.pid)!
      this.#served.set(group, ++this.#count)
      this.#waiting.delete(record.pid)
      await this.run(record, isCancelled(record.pid))
      this.#gone(record.pid)
      tookAny = true
      if (isDraining()) return
    }
    this.#isExhausted = this.#left === 0 || (worker?.wait === false && !tookAny && !isFull)
    this.#areWaiting = [...this.#waiting.values()].some(({ plan, isForWorkers: are }) => plan !== undefined && !are)
    this.#lookAt(nextAt)
  }

  async *#taken(pids: ReadonlySet<string>): AsyncGenerator<ProcessRecord> {
    if (pids.size === 0) return
    yield* this.#options.store.take(
      ({ pid }) => pids.has(pid),
      pid => !pids.has(pid),
    )
  }

  /** Completes submissions, so that it is known for which limits they wait. */
  async #takeRaw(): Promise<void> {
    const { isDraining } = this.#options
    const isRaw = ({ isRaw: is, isForWorkers: are }: Waiting): boolean => is && (!are || this.#left > 0)
    const pids = new Set([...this.#waiting.values()].filter(isRaw).map(({ pid }) => pid))
    for await (const record of this.#taken(pids)) {
      if (isDraining()) return
      await this.run(record)
    }
  }

  /** Of the limits for which anything waits that could begin otherwise. */
  async #rooms(room: Parameters<typeof eligible>[1]): Promise<ReadonlyMap<string, Room>> {
    const limits = new Map(
      eligible(this.#waiting.values(), room).flatMap(one => one.limits.map(limit => [limit.id, limit])),
    )
    if (limits.size === 0) return new Map()
    const rooms = await this.#options.readers.rooms([...limits.values()], room.now)
    return new Map([...limits.keys()].map((id, index) => [id, rooms[index]!]))
  }

  /** Reads what has come since the last look, and forgets what others have taken. */
  async #read(): Promise<void> {
    const found = new Set<string>()
    const note = (record: ProcessRecord): boolean => {
      this.#waiting.set(record.pid, waitingOf(record, this.#planOf(record)))
      return false
    }
    const isRead = (pid: string): boolean => {
      found.add(pid)
      return this.#waiting.has(pid)
    }
    for await (const _ of this.#options.store.take(note, isRead));
    for (const pid of this.#waiting.keys()) if (!found.has(pid)) this.#waiting.delete(pid)
    for (const pid of this.#ours) if (!found.has(pid)) this.#gone(pid)
  }

  #gone(pid: string): void {
    if (this.#ours.delete(pid)) this.#options.letGo(pid)
  }

  #lookAt(at: number | undefined): void {
    const { clock, wake } = this.#options
    this.#cancelTimer()
    this.#cancelTimer = at === undefined ? () => {} : atTime(clock, at, wake)
  }

  /**
   * Whether to adopt a submission that a dead host had taken. `adopt` never asks twice, so free
   * slots do not count.
   */
  adopts(record: ProcessRecord): boolean {
    const { programs } = this.#options
    if (!isSubmission(record)) return programs.restoring(record) !== undefined
    return (this.#left > 0 || isTick(record)) && programs.latest(record.name) !== undefined
  }

  /** The definition by which this host runs it. */
  #planOf(record: ProcessRecord): ProcessPlan | undefined {
    const { programs, worker, onProblem } = this.#options
    const { name } = record
    if (!isSubmission(record)) return programs.restoring(record)?.program.plan
    const plan = programs.latest(name)?.plan
    if (plan === undefined && worker && !this.#unknown.has(name)) {
      onProblem(
        `A process of '${name}' was submitted, a definition that this worker does not know: it waits for one that does`,
      )
      this.#unknown.add(name)
    }
    return plan
  }

  /**
   * Runs a process that this host has just taken. A submission is completed first; what has limits
   * goes back into the queue if there is no room.
   */
  async run(record: ProcessRecord, isCancelled = false): Promise<void> {
    const { clock } = this.#options
    if (isSubmission(record)) return this.#runNew(record)
    const restored = this.#options.programs.restoring(record)
    if (restored === undefined) return
    const { plan } = restored.program
    const hasRoom = !isForWorkers(record) || this.#left > 0
    const at = record.limits === undefined || isCancelled ? clock.now() : await this.#claim(record, plan, hasRoom)
    if (at === undefined) return
    if (isForWorkers(record)) this.#left = Math.max(0, this.#left - 1)
    if (isFreshFork(record)) return this.#runFork(record, at)
    await this.#options.prepare(record.pid)
    this.#options.run(restored.program, restored.record, live => {
      live.beginsAt(at)
      live.start({ released: true, fail: false, maxRecoveries: 0 })
    })
  }

  /**
   * @returns when its places were claimed; `undefined` if it went back into the queue, or this host
   * does not have it any more
   */
  async #claim(record: ProcessRecord, plan: ProcessPlan, hasRoom: boolean): Promise<number | undefined> {
    const { pid, epoch, limits = [] } = record
    this.#completing.add(pid)
    try {
      const at = hasRoom ? await this.#options.limits.claim(pid, epoch, currentLimits(limits, plan)) : undefined
      if (at !== undefined) return at
      await this.#requeue(record, plan)
    } catch {
      // The host closes, or has lost the process.
    } finally {
      this.#completing.delete(pid)
    }
    return undefined
  }

  async #requeue(record: ProcessRecord, plan: ProcessPlan): Promise<void> {
    const { store, isDraining, onProblem } = this.#options
    const { pid, epoch } = record
    const passes = (error: unknown): boolean => !isDraining() && !isLoss(error)
    const onError = (error: unknown): void => onProblem(`Process ${pid} waits for its store`, error)
    await keepTrying(() => store.requeue(pid, epoch), { clock: systemClock, passes, onError })
    this.#waiting.set(pid, waitingOf(record, plan))
  }

  async #runNew(record: ProcessRecord): Promise<void> {
    const { programs, maxRecordBytes } = this.#options
    const program = programs.latest(record.name)
    if (program === undefined) return
    const { plan, shape, outline } = program
    let { input } = record
    let limits: ProcessRecord['limits']
    let refused: ErrorRecord | undefined
    try {
      input = toJson((await validateInput(plan, input)).value, maxRecordBytes)
      limits = limitsOf(plan, input)
    } catch (error) {
      refused = toErrorRecord(error)
    }
    const identity = { ...identityOf(record), version: plan.version, shape, outline, input, ...(limits && { limits }) }
    const completed: ProcessRecord = {
      ...record,
      ...identity,
      ...(plan.timeoutMs !== undefined && { remainingMs: plan.timeoutMs }),
    }
    if (!(await this.#complete(completed))) return
    if (limits !== undefined) {
      await this.#requeue(completed, plan).catch(() => {})
      return
    }
    if (!isTick(record)) this.#left = Math.max(0, this.#left - 1)
    this.#options.run(program, { ...identity, pid: record.pid, epoch: record.epoch, timeoutMs: plan.timeoutMs }, live =>
      refused ? live.refuse(refused) : live.start(),
    )
  }

  async #runFork(record: ProcessRecord, now: number): Promise<void> {
    const { programs } = this.#options
    const restored = programs.restoring(record)
    const step = record.forkedFrom?.step
    if (restored === undefined || step === undefined) return
    const moved = moveTimes(restored.record, now - record.at)
    const status = statusOf(moved.snapshot.value)
    const steps = status === 'running' ? asNotBegun(moved.steps, step, now) : moved.steps
    const fork: ProcessRecord = { ...moved, status, steps, startedAt: now }
    if (!(await this.#complete(fork))) return
    this.#options.run(restored.program, fork, live => {
      live.beginsAt(now)
      live.start({ released: true, fail: false, maxRecoveries: 0 })
      // If it runs, the record of its recovery says so.
      if (status !== 'running' && status !== 'undoing') live.announce({ type: 'FORK', step })
    })
  }

  /**
   * @returns false if the host closes before the store could be written, or has lost the process:
   * it waits for the next one
   */
  async #complete(record: ProcessRecord): Promise<boolean> {
    const { store, isDraining, prepare, onProblem } = this.#options
    const passes = (error: unknown): boolean => !isDraining() && !isLoss(error)
    const onError = (error: unknown): void => onProblem(`Process ${record.pid} waits for its store`, error)
    this.#completing.add(record.pid)
    try {
      await keepTrying(() => store.complete(record), { clock: systemClock, passes, onError })
      await prepare(record.pid)
      return true
    } catch {
      return false
    } finally {
      this.#completing.delete(record.pid)
    }
  }
}

/** The steps, with `step` and its branches as before their first attempt, which RECOVER begins. */
function asNotBegun(steps: ProcessRecord['steps'], step: string, at: number): ProcessRecord['steps'] {
  const hasBranches = Object.keys(steps).some(name => name.startsWith(`${step}.`))
  const entries = Object.entries(steps).map(([name, before]) => {
    // RECOVER begins attempts at the branches, and not at the step.
    if (name === step && hasBranches) return [name, { ...before, startedAt: at }] as const
    const isOpen = (name === step || name.startsWith(`${step}.`)) && before.endedAt === undefined
    const { until, state } = before
    // A machine goes on in the same attempt.
    const machine = state === undefined ? { attempt: 0 } : { attempt: before.attempt, state }
    const again = { status: 'running', ...machine, startedAt: at, ...(until !== undefined && { until }) } as const
    return [name, isOpen ? again : before] as const
  })
  return Object.fromEntries(entries)
}
