import { createActor, type AnyActor } from 'xstate'
import { ProcessCancelledError, ProcessTimeoutError, StepwrightError } from '../../errors.ts'
import type { AttemptInput, MachineInput, MachineState, ProcessContext, ProcessEvent } from '../../machines/context.ts'
import { toSnapshot, toTransition } from '../../machines/snapshot.ts'
import { begins } from '../../steps/kinds/kinds.ts'
import { prepare } from '../../steps/prepare-work.ts'
import type { ChildStep } from '../../steps/kinds/process.ts'
import { planOf } from '../../steps/plan.ts'
import type { PlannedStep } from '../../steps/kinds/kinds.ts'
import type { ModuleSpec, StepContext } from '../../steps/work.ts'
import { toInfo, type ProcessInfo } from '../../record/info.ts'
import {
  isFinal,
  type ErrorRecord,
  type FinishedItems,
  type Json,
  type LogEntry,
  type ProcessIdentity,
  type ProcessRecord,
  type Progress,
  type RecordEvent,
} from '../../record/record.ts'
import type { Answer } from '../attempt/actors.ts'
import { Attempt } from '../attempt/attempt.ts'
import { Attempts } from '../attempt/attempts.ts'
import type { Workplace } from '../attempt/workplace.ts'
import type { Clock } from '../clock.ts'
import { Ending } from './ending.ts'
import { MachineRun, type MachineEvent } from '../attempt/machine-run.ts'
import { ownInfo } from './own-info.ts'
import { Recorder } from './recorder.ts'
import { Seat } from './slots.ts'
import { Subscribers } from './subscribers.ts'
import type { Program, Environment } from './environment.ts'
import { tell } from '../tell.ts'

/** Of actors that take a slot. */
const WORK: ReadonlySet<unknown> = new Set(['attempt', 'items'])

/** Whether an attempt is under way. Otherwise the process waits, and takes no slot. */
function isWorking({ children }: { children: Readonly<Record<string, { src: unknown } | undefined>> }): boolean {
  for (const id in children) if (WORK.has(children[id]?.src)) return true
  return false
}

const STORE_RETRY_MS = 1_000
/** A process on its host: the actor, the journal it writes, and the attempts under way. */
export class LiveProcess implements Workplace {
  readonly pid: string
  readonly #around: Environment
  readonly #program: Program
  readonly #identity: ProcessIdentity
  readonly #recorder: Recorder
  readonly attempts: Attempts
  readonly #subscribers = new Subscribers()
  readonly #ending = new Ending()
  readonly #seat: Seat
  readonly #actor: AnyActor
  /** Of the machine step that runs. */
  #machine: MachineRun | undefined
  /** The context that the newest transition made: an event that no state takes leaves it as it is. */
  #context: ProcessContext
  /** Taken up where another host, or none, left it. */
  readonly isRestored: boolean
  #gone = false

  constructor(
    around: Environment,
    program: Program,
    identity: ProcessIdentity,
    origin: { pid: string; timeoutMs: number | undefined } | ProcessRecord,
  ) {
    this.pid = origin.pid
    this.#around = around
    this.#program = program
    this.#identity = identity
    this.#seat = new Seat(around.slots)
    this.attempts = new Attempts(around.clock)
    const restored = 'snapshot' in origin ? toSnapshot(origin) : undefined
    this.#actor = createActor(program.machine, {
      id: origin.pid,
      input: {
        pid: origin.pid,
        input: identity.input,
        at: identity.createdAt,
        timeoutMs: 'snapshot' in origin ? undefined : origin.timeoutMs,
      },
      ...(around.inspect && { inspect: around.inspect }),
      ...(restored && { snapshot: restored.snapshot }),
    })
    restored?.fill()
    around.show?.(this.#actor)
    this.isRestored = restored !== undefined
    this.#context = this.machineContext
    const first = 'snapshot' in origin ? origin : toTransition(this.#actor.getSnapshot(), program.plan.name, 1)
    this.#recorder = new Recorder(around, first, () => this.#tell())
  }

  get clock(): Clock {
    return this.#around.clock
  }
  get draining(): boolean {
    return this.#around.draining
  }
  get services(): object {
    return this.#around.services
  }
  get maxRecordBytes(): number {
    return this.#around.maxRecordBytes
  }
  get show(): Environment['show'] {
    return this.#around.show
  }
  get inspect(): Environment['inspect'] {
    return this.#around.inspect
  }
  get holdsSlot(): boolean {
    return this.#seat.held
  }
  get status(): ProcessRecord['status'] {
    return this.#recorder.newest.status
  }
  get steps(): ProcessRecord['steps'] {
    return this.#recorder.newest.steps
  }
  /** Its last record is in the store, or it was given up. */
  get isGone(): boolean {
    return this.#gone
  }
  get machineContext(): ProcessContext {
    return this.#actor.getSnapshot().context as ProcessContext
  }
  get record(): ProcessRecord {
    return this.#recorder.record(this.pid, this.#identity)
  }

  info(): ProcessInfo {
    return ownInfo(toInfo({ record: this.record, ...(!isFinal(this.status) && { host: this.#around.host }) }))
  }

  dispatch(event: ProcessEvent): void {
    this.#actor.send(event)
  }

  /** Lets the actor go: a new process waits for its slot, a restored one goes on where it was. */
  begin(recovery?: Omit<Extract<ProcessEvent, { type: 'RECOVER' }>, 'type' | 'at'>): void {
    this.#start()
    if (recovery) this.dispatch({ type: 'RECOVER', at: this.clock.now(), ...recovery })
    if (this.status === 'pending') this.#seat.take(() => this.dispatch({ type: 'START', at: this.clock.now() }), 'beginning')
    this.#around.onStatus(this.pid, this.status)
  }

  /** Ends a process that was submitted and cannot begin. */
  refuse(error: ErrorRecord): void {
    this.#start()
    this.dispatch({ type: 'REFUSE', at: this.clock.now(), error })
  }

  /** Writes the state the process is in once more: nobody has seen it in this state. */
  announce(event: RecordEvent): void {
    this.#recorder.announce(event)
    this.#tell()
  }

  subscribe(listener: (info: ProcessInfo) => void): () => void {
    return this.#subscribers.add(listener)
  }

  /** Resolves with the last record once it is in the store; rejects with ERR_RUNTIME_CLOSED if the process is given up before. */
  ended(): Promise<ProcessRecord> {
    return this.#ending.wait()
  }

  pace(): Promise<void> | undefined {
    return this.#around.pace()
  }

  /** Settles when every record is in the store; `undefined` if they are. */
  barrier(): Promise<void> | undefined {
    return this.#recorder.barrier()
  }

  attempt(input: AttemptInput, answer: Answer, part?: 'items'): () => void {
    const attempt = new Attempt(this, input, answer, part)
    this.attempts.add(attempt)
    return () => attempt.stop()
  }

  stepNamed(name: string): PlannedStep {
    const step = this.#program.steps.get(name)
    if (!step) throw new Error(`Process ${this.pid} has no step '${name}'`)
    return step
  }

  /** What an attempt calls: the user's work, here or in a worker; of an each step what makes its list, or works on an item of it. */
  worker(step: PlannedStep, part: 'attempt' | 'items' = 'attempt'): (context: StepContext) => unknown {
    if (step.kind !== 'step' && !(step.kind === 'each' && part === 'items')) return begins(step, this.services)
    const { work, isolate } = step
    const { isolation } = this.#around
    if (isolate === undefined || isolation === undefined) return prepare(work, this.services)
    return context => isolation.run(work as ModuleSpec, isolate, context)
  }

  /** Calls `taken` once the process has a slot again. */
  takeSlot(taken: () => void): void {
    this.#seat.take(taken, 'resuming')
  }

  report(step: string, progress: Progress): void {
    this.#recorder.report(step, progress)
  }

  startChild({ name, child }: ChildStep, input: Json): Promise<string> {
    const { failures = 0 } = this.machineContext.steps[name] ?? {}
    return this.#around.startChild(planOf(child), input, { pid: this.pid, step: name }, failures)
  }

  cancelChild(child: string): void {
    this.#around.cancelChild(child, this.pid)
  }

  runMachine(input: MachineInput, answer: Answer): () => void {
    const run = new MachineRun(this, input, answer)
    this.#machine = run
    return () => {
      run.stop()
      if (this.#machine === run) this.#machine = undefined
    }
  }

  machineChanged(step: string, machine: MachineState, command: string | undefined): void {
    if (!this.#gone) this.dispatch({ type: 'CHANGE', at: this.clock.now(), step, machine, state: machine.snapshot.value, command })
  }

  /** @throws ERR_EVENT_REFUSED, ERR_UNKNOWN_EVENT */
  async sendToMachine(event: MachineEvent, command?: string): Promise<void> {
    if (!this.#machine || this.#machine.isOver)
      throw new StepwrightError(
        'ERR_EVENT_REFUSED',
        `Process ${this.pid} is in no machine step now (${this.status}): nothing would take the event`,
      )
    await this.#machine.send(event, command)
  }

  /** Items of an each step that have finished: on disk, and with them how many there are. */
  writeItems(step: string, items: FinishedItems, progress: Progress): void {
    this.#recorder.writeProgress(step, { [step]: progress }, items)
  }

  /** Outputs of items that earlier attempts at a step have finished. */
  async finishedItems(step: string): Promise<Map<number, Json>> {
    for (;;) {
      try {
        const records = await this.#around.recordsOf(this.pid)
        return new Map(records.flatMap(({ event, items = [] }) => (event.step === step ? items : [])))
      } catch (error) {
        // A store that fails is waited for: it is no failure of the step.
        this.#around.onStoreError(error, this.#recorder.newest)
        await new Promise<void>(resolve => this.clock.after(STORE_RETRY_MS, resolve))
      }
    }
  }

  /** A log that cannot be written is no reason for a process to fail or to wait. */
  log(entry: LogEntry): void {
    tell(`The log of process ${this.pid}`, () => this.#around.store.log(this.pid, entry))
  }

  /** Why the work of a process that has ended is told to stop. */
  endReason(): Error | undefined {
    switch (this.status) {
      case 'timeout':
        return new ProcessTimeoutError('ERR_PROCESS_TIMEOUT', `Process ${this.pid} ran out of the time its timeout allows`, {
          pid: this.pid,
        })
      case 'cancelled':
        return new ProcessCancelledError('ERR_CANCELLED', this.#recorder.newest.error?.message ?? 'Cancelled', { pid: this.pid })
      default:
        return undefined
    }
  }

  /** The runtime closes: work under way is told to end. */
  shutDown(): void {
    this.#seat.leaveQueue()
    this.attempts.abort(new StepwrightError('ERR_RUNTIME_CLOSED', `The runtime of process ${this.pid} is closing`))
  }

  /**
   * Stops the actor and gives the process up, so that another host goes on with it: as soon as nothing of it executes, so that two hosts
   * never run it at once.
   */
  async release(): Promise<void> {
    await this.attempts.over()
    await this.barrier()
    if (this.#gone || isFinal(this.status)) return
    this.#stop()
    await this.#around.store.release(this.pid)
  }

  /** The runtime is closed: whoever waits for the end here is told so, though work may still be under way. */
  disown(): void {
    this.#ending.settle(() => {
      throw new StepwrightError(
        'ERR_RUNTIME_CLOSED',
        `The runtime of process ${this.pid} was closed before the process ended: another host goes on with it`,
      )
    })
  }

  #tell(): void {
    this.#around.onRecord(this.pid)
    this.#subscribers.tell(() => this.info())
  }

  #start(): void {
    this.#actor.start()
    this.#actor.subscribe({ next: snapshot => this.#record(snapshot), error: error => this.#broken(error) })
  }

  #stop(): void {
    this.#gone = true
    this.#recorder.stop()
    this.#actor.stop()
    this.disown()
  }

  #record(snapshot: ReturnType<AnyActor['getSnapshot']>): void {
    if (this.machineContext === this.#context) return
    this.#context = this.machineContext
    const before = this.status
    this.#recorder.transition(revision => toTransition(snapshot, this.#program.plan.name, revision))
    const { status } = this
    const final = isFinal(status)
    if (final) {
      this.#seat.leaveQueue()
      void this.#finishOnceWritten()
    } else if (status !== 'running' || !isWorking(snapshot)) this.#seat.leave()
    if (status !== before && !final) this.#around.onStatus(this.pid, status)
    this.#tell()
  }

  async #finishOnceWritten(): Promise<void> {
    await this.barrier()
    if (this.#gone) return
    this.#gone = true
    this.#seat.leave()
    this.#ending.settle(() => this.record)
    this.#around.onGone(this.pid)
  }

  /** The chart itself threw: a fault of this library, which must not leave the process running for ever. */
  #broken(error: unknown): void {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    this.#recorder.fail({ name, message, ...(stack && { stack }) })
    void this.#finishOnceWritten()
    this.#tell()
  }
}
