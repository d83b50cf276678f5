import { isTick } from '../../client/new-process.ts'
import { statusOf } from '../../machines/snapshot.ts'
import { atTime, systemClock, type Clock } from '../../record/clock.ts'
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
import { choose, isFreshFork, waitingOf, type Waiting } from './queue.ts'

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
 * Takes what clients have put into the store: workers what was submitted, as long as slots are
 * free; every host the forks it can run, and what a schedule starts by hand.
 */
export class Submissions {
  readonly #options: SubmissionsOptions
  readonly #unknown = new Set<string>()
  readonly #completing = new Set<string>()
  /** By pid, oldest first. Nobody changes what waits, so it is read once. */
  readonly #waiting = new Map<string, Waiting>()
  #areWaiting = false
  /** Those of them that this host has started. */
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
    return this.#waiting.get(pid)?.isKnown ?? false
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

  /** @param isCancelled whether a client wants it cancelled */
  async take(isCancelled: (pid: string) => boolean): Promise<void> {
    const { store, worker, clock, freeSlots, isPaused, isDraining } = this.#options
    await this.#read()
    const room = { now: clock.now(), freeSlots: freeSlots(), left: this.#left, isPaused, isCancelled }
    const { pids, isFull, nextAt } = choose(this.#waiting.values(), room)
    let tookAny = false
    const take = store.take(
      ({ pid }) => pids.has(pid),
      pid => !pids.has(pid),
    )
    if (pids.size > 0)
      for await (const record of take) {
        this.#waiting.delete(record.pid)
        await this.run(record)
        this.#gone(record.pid)
        tookAny = true
        if (isDraining()) return
      }
    this.#isExhausted = this.#left === 0 || (worker?.wait === false && !tookAny && !isFull)
    this.#areWaiting = [...this.#waiting.values()].some(({ isKnown, isForWorkers }) => isKnown && !isForWorkers)
    this.#lookAt(nextAt)
  }

  /** Reads what has come since the last look, and forgets what others have taken. */
  async #read(): Promise<void> {
    const found = new Set<string>()
    const note = (record: ProcessRecord): boolean => {
      this.#waiting.set(record.pid, waitingOf(record, this.#isKnown(record)))
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

  #isKnown(record: ProcessRecord): boolean {
    const { programs, worker, onProblem } = this.#options
    const { name } = record
    if (!isSubmission(record)) return programs.restoring(record) !== undefined
    const isKnown = programs.latest(name) !== undefined
    if (!isKnown && worker && !this.#unknown.has(name)) {
      onProblem(
        `A process of '${name}' was submitted, a definition that this worker does not know: it waits for one that does`,
      )
      this.#unknown.add(name)
    }
    return isKnown
  }

  /** Completes the record of a process that this host has just taken, and runs it. */
  async run(record: ProcessRecord): Promise<void> {
    if (isSubmission(record)) await this.#runNew(record)
    else if (isFreshFork(record)) await this.#runFork(record)
    else await this.#runStarted(record)
  }

  async #runStarted(record: ProcessRecord): Promise<void> {
    const { programs, prepare, run } = this.#options
    const restored = programs.restoring(record)
    if (restored === undefined) return
    await prepare(record.pid)
    run(restored.program, restored.record, live => live.start({ released: true, fail: false, maxRecoveries: 0 }))
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
  const hasBranches = Object.keys(steps).some(name => name.startsWith(`${step}.`))
  const entries = Object.entries(steps).map(([name, before]) => {
    // RECOVER begins attempts at the branches, and not at the step.
    if (name === step && hasBranches) return [name, { ...before, startedAt: at }] as const
    const isOpen = (name === step || name.startsWith(`${step}.`)) && before.endedAt === undefined
    const { until, state } = before
    // A machine goes on: it is the attempt that it was.
    const machine = state === undefined ? { attempt: 0 } : { attempt: before.attempt, state }
    const again = { status: 'running', ...machine, startedAt: at, ...(until !== undefined && { until }) } as const
    return [name, isOpen ? again : before] as const
  })
  return Object.fromEntries(entries)
}
