import { isTick } from '../../client/new-process.ts'
import { statusOf } from '../../machines/snapshot.ts'
import { systemClock, type Clock } from '../../record/clock.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { toJson } from '../../record/json.ts'
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
import type { HostStore } from '../../store/store.ts'
import { keepTrying } from '../keep-trying.ts'
import type { LiveProcess, NewProcess } from '../process/live-process.ts'
import type { Program } from '../process/environment.ts'
import type { WorkerOptions } from '../options.ts'
import type { Programs } from './programs.ts'

/** A process that has not begun, as a host makes it of a submission. */
export type CompletedProcess = ProcessIdentity & NewProcess

export interface SubmissionsOptions {
  readonly store: Pick<HostStore, 'take' | 'complete'>
  readonly programs: Programs
  readonly worker: Required<WorkerOptions> | undefined
  readonly clock: Clock
  readonly maxRecordBytes: number
  readonly isPaused: (name: string) => boolean
  readonly freeSlots: () => number
  readonly isDraining: () => boolean
  /** Runs before a process that was taken is run. */
  readonly prepare: (pid: string) => Promise<void>
  /** Makes the process one of this host's, and calls `start` with it unless the host closes. */
  readonly run: (program: Program, record: ProcessRecord | CompletedProcess, start: (live: LiveProcess) => void) => void
  readonly onProblem: (what: string, error?: unknown) => void
}

/** What a host knows of a process that it has not taken. */
interface Waiting {
  readonly name: string
  readonly isKnown: boolean
  /** Workers alone take it. */
  readonly isForWorkers: boolean
}

/**
 * Takes what clients have put into the store: workers what was submitted, as long as slots are
 * free; every host the forks it can run, and what a schedule starts by hand.
 */
export class Submissions {
  readonly #options: SubmissionsOptions
  readonly #unknown = new Set<string>()
  readonly #completing = new Set<string>()
  /** What was read and not taken, by pid. Nobody changes it any more, so it is read once. */
  #waiting = new Map<string, Waiting>()
  #left: number
  /** Something was left only because no slot was free. */
  #isFull = false
  /** Nothing more would be taken, as of the last look. */
  isExhausted: boolean

  constructor(options: SubmissionsOptions) {
    this.#options = options
    this.#left = options.worker?.maxProcesses ?? 0
    this.isExhausted = this.#left === 0
  }

  isCompleting(pid: string): boolean {
    return this.#completing.has(pid)
  }

  async take(): Promise<void> {
    const { store, worker, isDraining } = this.#options
    let tookAny = false
    this.#isFull = false
    this.isExhausted = this.#left === 0
    const before = this.#waiting
    this.#waiting = new Map()
    const skip = (pid: string): boolean => this.#skips(pid, before.get(pid))
    for await (const record of store.take(found => this.accepts(found), skip)) {
      await this.run(record)
      tookAny = true
      if (isDraining()) return
    }
    this.isExhausted = this.#left === 0 || (worker?.wait === false && !tookAny && !this.#isFull)
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

  accepts(record: ProcessRecord): boolean {
    const { programs, worker, onProblem } = this.#options
    const { pid, name } = record
    const isNew = isSubmission(record)
    const isKnown = isNew ? programs.latest(name) !== undefined : programs.restoring(record) !== undefined
    const waiting = { name, isKnown, isForWorkers: isNew && !isTick(record) }
    const isTaken = this.#mayTake(waiting)
    if (!isTaken) this.#waiting.set(pid, waiting)
    if (isNew && !isKnown && worker && !this.#unknown.has(name)) {
      onProblem(
        `A process of '${name}' was submitted, a definition that this worker does not know: it waits for one that does`,
      )
      this.#unknown.add(name)
    }
    return isTaken
  }

  /** @param waiting what was read before */
  #skips(pid: string, waiting: Waiting | undefined): boolean {
    if (waiting === undefined || this.#mayTake(waiting)) return false
    this.#waiting.set(pid, waiting)
    return true
  }

  #mayTake({ name, isKnown, isForWorkers }: Waiting): boolean {
    return isKnown && !this.#options.isPaused(name) && (!isForWorkers || this.#hasRoom())
  }

  #hasRoom(): boolean {
    if (this.#left === 0) return false
    this.#isFull = this.#options.freeSlots() < 1
    return !this.#isFull
  }

  /** Completes the record of a process that this host has just taken, and runs it. */
  async run(record: ProcessRecord): Promise<void> {
    if (isSubmission(record)) await this.#runNew(record)
    else await this.#runFork(record)
  }

  async #runNew(record: ProcessRecord): Promise<void> {
    const { programs, maxRecordBytes } = this.#options
    const program = programs.latest(record.name)
    if (program === undefined) return
    if (!isTick(record)) this.#left = Math.max(0, this.#left - 1)
    const { plan, shape, outline } = program
    let { input } = record
    let refused: ErrorRecord | undefined
    try {
      input = toJson((await validateInput(plan, input)).value, maxRecordBytes)
    } catch (error) {
      refused = toErrorRecord(error)
    }
    const identity = { ...identityOf(record), version: plan.version, shape, outline, input }
    if (
      !(await this.#complete({
        ...record,
        ...identity,
        ...(plan.timeoutMs !== undefined && { remainingMs: plan.timeoutMs }),
      }))
    )
      return
    this.#options.run(program, { ...identity, pid: record.pid, epoch: record.epoch, timeoutMs: plan.timeoutMs }, live =>
      refused ? live.refuse(refused) : live.start(),
    )
  }

  async #runFork(record: ProcessRecord): Promise<void> {
    const { programs, clock } = this.#options
    const restored = programs.restoring(record)
    const step = record.forkedFrom?.step
    if (restored === undefined || step === undefined) return
    const now = clock.now()
    const moved = moveTimes(restored.record, now - record.at)
    const status = statusOf(moved.snapshot.value)
    const steps = status === 'running' ? asNotBegun(moved.steps, step, now) : moved.steps
    const fork: ProcessRecord = { ...moved, status, steps, startedAt: now }
    if (!(await this.#complete(fork))) return
    this.#options.run(restored.program, fork, live => {
      live.start({ released: true, fail: false, maxRecoveries: 0 })
      if (status !== 'running') live.announce({ type: 'FORK', step })
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

/** The steps with one, and its branches, as before their first attempt, which RECOVER begins. */
function asNotBegun(steps: ProcessRecord['steps'], step: string, at: number): ProcessRecord['steps'] {
  const entries = Object.entries(steps).map(([name, before]) => {
    const isOpen = (name === step || name.startsWith(`${step}.`)) && before.endedAt === undefined
    const { until, state } = before
    // A machine goes on: it is the attempt that it was.
    const machine = state === undefined ? { attempt: 0 } : { attempt: before.attempt, state }
    const again = { status: 'running', ...machine, startedAt: at, ...(until !== undefined && { until }) } as const
    return [name, isOpen ? again : before] as const
  })
  return Object.fromEntries(entries)
}

/** The first record of a fork nobody has written to yet. */
export const isFreshFork = ({ forkedFrom, revision }: ProcessRecord): boolean =>
  forkedFrom !== undefined && revision === 1
