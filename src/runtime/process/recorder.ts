import type { StepwrightError } from '../../errors.ts'
import {
  isFinal,
  type ErrorRecord,
  type Memory,
  type MemoryLine,
  type ProcessIdentity,
  type ProcessRecord,
  type Progress,
  type ProgressLine,
  type RecordEvent,
  type Transition,
} from '../../record/record.ts'
import { TransitionLines } from '../../journal/transition-lines.ts'
import type { Clock } from '../../record/clock.ts'
import { timeAfter } from '../../record/move-times.ts'
import { keepProgress, ProgressMeter } from './progress-meter.ts'
import type { Environment } from './environment.ts'
import { Writer } from './writer.ts'

/**
 * What the record of a process says: its newest transition and the progress reported since. Writes
 * each change to the journal.
 */
export class Recorder {
  readonly #clock: Clock
  readonly #writer: Writer
  readonly #meter: ProgressMeter
  readonly #onProgress: () => void
  readonly #lines: TransitionLines
  #newest: Transition
  #progress: Readonly<Record<string, Progress>> | undefined
  #revision: number
  #at: number
  readonly #epoch: number | undefined
  #stopped = false

  /** `first` is on disk, or about to be. */
  constructor(environment: Environment, first: Transition | ProcessRecord, onProgress: () => void) {
    const { clock } = environment
    this.#clock = clock
    this.#writer = new Writer(environment)
    this.#meter = new ProgressMeter(clock, (step, progress) => this.writeProgress(step, progress))
    this.#onProgress = onProgress
    this.#newest = first
    // How far back the newest whole line of a process is that somebody else has run, is unknown.
    this.#lines = new TransitionLines('input' in first ? undefined : first)
    this.#revision = first.revision
    this.#at = first.at
    this.#epoch = first.epoch
    this.#progress = 'progress' in first ? first.progress : undefined
  }

  get epoch(): number | undefined {
    return this.#epoch
  }

  get newest(): Transition {
    return this.#newest
  }

  record(pid: string, identity: ProcessIdentity): ProcessRecord {
    const { pid: _, ...transition } = this.#newest
    return {
      pid,
      ...identity,
      ...transition,
      revision: this.#revision,
      ...(this.#progress && { progress: this.#progress }),
    }
  }

  /** Settles when every record is in the store; `undefined` if they are. */
  barrier(): Promise<void> | undefined {
    return this.#writer.barrier()
  }

  transition(make: (revision: number, epoch: number | undefined) => Transition): void {
    const written = this.#progress
    const unwritten = this.#meter.clear()
    this.#progress = undefined
    const { definition } = this.#newest
    const made = make(this.#revision + 1, this.#epoch)
    const transition = definition === undefined ? made : { ...made, definition }
    const isReported = written !== undefined || unwritten !== undefined
    this.#write(
      isReported && isFinal(made.status) ? keepProgress(transition, { ...written, ...unwritten }) : transition,
    )
  }

  /** The state the process is in once more: nobody has seen it in this state. */
  announce(event: RecordEvent): void {
    this.#write({ ...this.#newest, revision: this.#revision + 1, at: this.#clock.now(), event })
  }

  fail(error: ErrorRecord): void {
    this.#write({
      ...this.#newest,
      status: 'error',
      revision: this.#revision + 1,
      at: this.#clock.now(),
      event: { type: 'FAIL' },
      error,
    })
  }

  /** Nothing is written any more, and the barrier rejects. */
  lose(loss: StepwrightError): void {
    this.stop()
    this.#writer.lose(loss)
  }

  report(step: string, progress: Progress): void {
    this.#meter.report(step, progress)
  }

  writeProgress(step: string, progress: Readonly<Record<string, Progress>>): void {
    this.#writeWithin({ type: 'PROGRESS', step }, { progress })
  }

  writeMemory(step: string, memory: readonly Memory[], progress?: Readonly<Record<string, Progress>>): void {
    this.#writeWithin({ type: 'REMEMBER', step }, { memory, ...(progress && { progress }) })
  }

  /** Progress is no longer written. */
  stop(): void {
    this.#stopped = true
    this.#meter.stop()
  }

  #writeWithin(
    event: RecordEvent,
    line: Pick<ProgressLine, 'progress'> | Pick<MemoryLine, 'memory' | 'progress'>,
  ): void {
    const { pid, name, status } = this.#newest
    if (this.#stopped || isFinal(status)) return
    this.#revision += 1
    if (line.progress !== undefined) this.#progress = { ...this.#progress, ...line.progress }
    this.#writer.write({
      pid,
      name,
      status,
      revision: this.#revision,
      at: (this.#at = timeAfter(this.#at, this.#clock.now())),
      event,
      ...(this.#epoch !== undefined && { epoch: this.#epoch }),
      ...line,
    })
    this.#onProgress()
  }

  #write(transition: Transition): void {
    this.#at = timeAfter(this.#at, transition.at)
    this.#newest = { ...transition, at: this.#at }
    this.#revision = transition.revision
    this.#writer.write(this.#lines.next(this.#newest))
    if (isFinal(transition.status)) this.stop()
  }
}
