import { createActor, type AnyActor } from 'xstate'
import { StepwrightError } from '../../errors.ts'
import type {
  AttemptInput,
  AttemptPart,
  MachineInput,
  MachineState,
  ProcessContext,
  ProcessEvent,
} from '../../machines/context.ts'
import { toSnapshot, toTransition } from '../../machines/snapshot.ts'
import { stopActor } from '../../machines/xstate-internals.ts'
import { processChannel, type ProcessMessage } from '../../record/diagnostics.ts'
import { toInfo, type ProcessInfo } from '../../record/info.ts'
import type { LimitRecord } from '../../record/limit.ts'
import {
  isEnding,
  isFinal,
  type ErrorRecord,
  type Json,
  type ProcessIdentity,
  type ProcessRecord,
  type ProcessStatus,
  type Progress,
  type RecordEvent,
  type Trace,
  type Transition,
} from '../../record/record.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import { vacatedLimits } from '../../steps/limit.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import type { Answer } from '../attempt/actors.ts'
import { Attempt } from '../attempt/attempt.ts'
import { Attempts } from '../attempt/attempts.ts'
import { MachineRun, type MachineEvent } from '../attempt/machine-run.ts'
import type { StoredMemory } from '../attempt/stored-memory.ts'
import type { StreamWriter, Workplace } from '../attempt/workplace.ts'
import { keepTrying } from '../keep-trying.ts'
import { Subscribers, type ProcessListener } from '../listeners.ts'
import { closedBefore, closing, endReason, Ending } from './ending.ts'
import type { Environment, Program } from './environment.ts'
import { Memories } from './memories.ts'
import { ownInfo } from './own-info.ts'
import { Recorder } from './recorder.ts'
import { GOING_ON, Slot } from './slots.ts'
import { ProcessStream } from './stream.ts'

/** Actors that take a slot. */
const WORK: ReadonlySet<unknown> = new Set(['attempt', 'items'])

/** Whether an attempt is under way. Otherwise the process waits, and takes no slot. */
function isWorking({ children }: { children: Readonly<Record<string, { src: unknown } | undefined>> }): boolean {
  for (const id in children) if (WORK.has(children[id]?.src)) return true
  return false
}

const isWaiting = (status: ProcessRecord['status']): boolean => status === 'sleeping' || status === 'interrupted'

/** A process that has not begun. */
export interface NewProcess {
  readonly pid: string
  readonly timeoutMs: number | undefined
  readonly epoch?: number | undefined
}

/** A process on its host: the actor, the journal it writes, and the attempts under way. */
export class LiveProcess implements Workplace {
  readonly pid: string
  readonly environment: Environment
  readonly attempts: Attempts
  /** Taken up where another host, or none, left it. */
  readonly isRestored: boolean
  readonly #program: Program
  readonly #identity: ProcessIdentity
  readonly #recorder: Recorder
  readonly #subscribers = new Subscribers()
  readonly #ending = new Ending()
  readonly #slot: Slot
  /** In which it has a place as long as it is under way. */
  readonly #limits: readonly LimitRecord[]
  #hasPlaces: boolean
  #beginsAt: number | undefined
  #isFollowed = false
  readonly #actor: AnyActor
  /** Made when a step first remembers something, or asks for an output. */
  #memories: Memories | undefined
  /** Made when a step first writes to it. */
  #stream: ProcessStream | undefined
  /** Of the step that waits. */
  #schemas: { readonly step: string; readonly byName: ReadonlyMap<string, StandardSchemaV1> } | undefined
  /** Of the machine step that runs. */
  #machine: MachineRun | undefined
  /**
   * The context that the newest transition made: an event that no state takes leaves it as it is.
   */
  #context: ProcessContext
  /** As the newest record has them. */
  #traces: Transition['traces']
  /** Of attempts that the next record says of that they begin. */
  #newTraces: Record<string, Trace> | undefined
  /** It was let go on this host; where that closes, a process may leave before. */
  #hasCome = false
  #isGone = false
  #isLost = false

  constructor(
    environment: Environment,
    program: Program,
    identity: ProcessIdentity,
    origin: NewProcess | ProcessRecord,
  ) {
    this.pid = origin.pid
    this.environment = environment
    this.#program = program
    this.#identity = identity
    this.#slot = new Slot(environment.slots)
    this.attempts = new Attempts(environment.clock)
    const restored = 'snapshot' in origin ? toSnapshot(origin) : undefined
    this.#actor = createActor(program.machine, {
      id: origin.pid,
      input: {
        pid: origin.pid,
        input: identity.input,
        at: identity.createdAt,
        timeoutMs: 'snapshot' in origin ? undefined : origin.timeoutMs,
      },
      ...(program.parent && { parent: program.parent }),
      ...(environment.inspect && { inspect: environment.inspect }),
      ...(restored && { snapshot: restored.snapshot }),
    })
    restored?.fill()
    environment.show?.(this.#actor)
    this.isRestored = restored !== undefined
    this.#limits = (identity.limits ?? []).filter(({ perMs }) => perMs === undefined)
    this.#hasPlaces = this.#limits.length === 0 || !this.isRestored
    this.#traces = 'snapshot' in origin ? origin.traces : undefined
    this.#context = this.machineContext
    const first =
      'snapshot' in origin ? origin : toTransition(this.#actor.getSnapshot(), program.plan.name, 1, origin.epoch)
    this.#recorder = new Recorder(environment, first, () => this.#notify())
  }

  get trace(): Trace | undefined {
    return this.#identity.trace
  }
  get plan(): ProcessPlan {
    return this.#program.plan
  }
  /** The machine step whose machine takes events. */
  get machineStep(): string | undefined {
    return this.#machine?.isOver === false ? this.#machine.step : undefined
  }
  get holdsSlot(): boolean {
    return this.#slot.held
  }
  get isEnding(): boolean {
    return isEnding(this.status)
  }
  get status(): ProcessRecord['status'] {
    return this.#recorder.newest.status
  }
  get steps(): ProcessRecord['steps'] {
    return this.#recorder.newest.steps
  }
  /** Its last record is in the store, or it was given up. */
  get isGone(): boolean {
    return this.#isGone
  }
  /** Another host has it, or it is gone. */
  get isLost(): boolean {
    return this.#isLost
  }
  get epoch(): number | undefined {
    return this.#recorder.epoch
  }
  /** Somebody in this Node process waits for its end, or follows it. */
  get isAwaited(): boolean {
    return this.#isFollowed || this.#ending.isAwaited || this.#subscribers.areAny
  }
  /** Others may wait for the places it has in limits. */
  get isLimited(): boolean {
    return this.#identity.limits !== undefined
  }
  get machineContext(): ProcessContext {
    return this.#actor.getSnapshot().context as ProcessContext
  }
  get record(): ProcessRecord {
    return this.#recorder.record(this.pid, this.#identity)
  }

  info(): ProcessInfo {
    return ownInfo(toInfo({ record: this.record, ...(!isFinal(this.status) && { host: this.environment.host }) }))
  }

  /** Somebody follows it through the store. */
  markFollowed(): void {
    this.#isFollowed = true
  }

  subscribe(listener: ProcessListener): () => void {
    return this.#subscribers.add(listener)
  }

  /**
   * Resolves with the last record once it is in the store; rejects with ERR_RUNTIME_CLOSED if the
   * process is given up before, with ERR_PROCESS_TAKEN or ERR_UNKNOWN_PROCESS if it is lost.
   */
  ended(): Promise<ProcessRecord> {
    return this.#ending.wait()
  }

  /** Lets the actor go: a new process waits for its slot, a restored one goes on where it was. */
  start(recovery?: Omit<Extract<ProcessEvent, { type: 'RECOVER' }>, 'type' | 'at'>): void {
    this.#startActor()
    const { clock } = this.environment
    this.#publish(undefined, this.status)
    if (recovery) this.dispatch({ type: 'RECOVER', at: clock.now(), ...recovery })
    if (this.status === 'pending') this.#begin()
    if (this.isLimited && isWaiting(this.status)) this.#vacate()
    this.environment.onStatus(this.pid, this.status)
  }

  /** It has claimed its places at this time, from which on it counts. Epoch milliseconds. */
  beginsAt(at: number): void {
    this.#hasPlaces = true
    if (this.isLimited) this.#beginsAt = at
  }

  /** While it waits for a time or for somebody, others may have the places that it gives up. */
  #vacate(): void {
    const vacated = vacatedLimits(this.#limits, this.plan)
    if (vacated.length === 0) return
    this.#hasPlaces = false
    this.environment.limits.vacate(this, vacated, this.barrier())
  }

  /** Begins once its definition is not paused and it has a slot. */
  #begin(): void {
    const { clock, pauses } = this.environment
    const { name } = this.plan
    if (this.#isGone || this.status !== 'pending') return
    if (pauses.has(name)) return pauses.hold(name, () => this.#begin())
    this.#slot.acquire(() => {
      if (!pauses.has(name)) return this.dispatch({ type: 'START', at: this.#beginsAt ?? clock.now() })
      this.#slot.release()
      this.#begin()
    }, this.#identity.priority ?? 0)
  }

  /** Ends a process that was submitted and cannot begin. */
  refuse(error: ErrorRecord): void {
    this.#startActor()
    this.#publish(undefined, this.status)
    this.dispatch({ type: 'REFUSE', at: this.environment.clock.now(), error })
  }

  /** Writes the state the process is in once more: nobody has seen it in this state. */
  announce(event: RecordEvent): void {
    this.#recorder.announce(event)
    this.#notify()
  }

  dispatch(event: ProcessEvent): void {
    this.#actor.send(event)
  }

  // What attempts use: see Workplace.

  runAttempt(input: AttemptInput, answer: Answer, part?: AttemptPart): () => void {
    const attempt = new Attempt(this, input, answer, part)
    this.attempts.add(attempt)
    return () => attempt.stop()
  }

  stepNamed(name: string): AttemptedStep {
    const step = this.#program.steps.get(name)
    if (!step) throw new Error(`Process ${this.pid} has no step '${name}'`)
    return step
  }

  acquireSlot(acquired: () => void): void {
    if (this.#hasPlaces) return this.#slot.acquire(acquired, GOING_ON)
    this.environment.limits.acquire(this, this.#limits, () => {
      this.#hasPlaces = true
      this.#slot.acquire(acquired, GOING_ON)
    })
  }

  traceOf(step: string): Trace | undefined {
    return this.#traces?.[step] ?? Object.values(this.#traces ?? {}).at(-1)
  }

  keepTrace(step: string, trace: Trace): void {
    this.#newTraces = { ...this.#newTraces, [step]: trace }
  }

  releaseSlot(): void {
    if (!isWorking(this.#actor.getSnapshot())) this.#slot.release()
  }

  barrier(): Promise<void> | undefined {
    return this.#recorder.barrier()
  }

  report(step: string, progress: Progress): void {
    this.#recorder.report(step, progress)
  }

  write(writer: StreamWriter, chunk: Json): void {
    const { pid, environment } = this
    const onError = (error: unknown): void => environment.onStoreError(error, pid)
    this.#stream ??= new ProcessStream(
      {
        clock: environment.clock,
        append: entries => environment.append('stream', pid, entries),
        end: () => keepTrying(() => environment.streamEnd(pid), { clock: environment.clock, onError }),
      },
      !this.isRestored,
    )
    this.#stream.write(writer, chunk)
  }

  streamReady(): Promise<void> | undefined {
    return this.#stream?.ready()
  }

  keepSchemas(step: string, byName: ReadonlyMap<string, StandardSchemaV1>): void {
    this.#schemas = { step, byName }
  }

  /** What checks the answer to a wait, if an attempt on this host has said so. */
  schemaOf(step: string, name: string): StandardSchemaV1 | undefined {
    return this.#schemas?.step === step ? this.#schemas.byName.get(name) : undefined
  }

  memoryOf(step: string, isFirst: boolean): StoredMemory {
    return this.#remembered.of(step, isFirst)
  }

  async outputOf(step: string): Promise<Json | undefined> {
    return this.#remembered.outputOf(step)
  }

  records(): Promise<readonly ProcessRecord[]> {
    const { pid, environment } = this
    const onError = (error: unknown): void => environment.onStoreError(error, pid)
    return keepTrying(() => environment.recordsOf(pid), { clock: environment.clock, onError })
  }

  endReason(): Error | undefined {
    return endReason(this.pid, this.#recorder.newest)
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
    if (this.#isGone) return
    this.dispatch({
      type: 'CHANGE',
      at: this.environment.clock.now(),
      step,
      machine,
      state: machine.snapshot.value,
      command,
    })
  }

  /** @throws ERR_EVENT_REFUSED, ERR_UNKNOWN_EVENT */
  async sendToMachine(event: MachineEvent, command?: string): Promise<void> {
    if (!this.#machine || this.#machine.isOver)
      throw new StepwrightError(
        'ERR_EVENT_REFUSED',
        `Process ${this.pid} is in no machine step now (${this.status}), and comes to none that takes the event`,
      )
    await this.#machine.send(event, command)
  }

  /** The runtime closes: work under way is told to end. */
  shutDown(): void {
    this.#slot.stopWaiting()
    this.attempts.abort(closing(this.pid))
  }

  /**
   * Stops the actor and gives the process up, so that another host goes on with it: as soon as
   * nothing of it executes, so that two hosts never run it at once.
   */
  async release(): Promise<void> {
    await this.attempts.over()
    // Lost meanwhile: there is nothing to give up.
    await this.barrier()?.catch(() => {})
    if (this.#isGone || isFinal(this.status)) return
    this.#isGone = true
    this.#stream?.flush()
    this.#stream?.stop()
    this.#recorder.stop()
    stopActor(this.#actor)
    this.#publish(this.status, undefined)
    this.disown()
    await this.environment.store.release(this.pid, this.#recorder.epoch)
  }

  /**
   * Another host has the process, or it is gone. Nothing of it is written or begun here any more:
   * work under way is told to end, and whoever waits for a record gets the error.
   */
  lose(loss: StepwrightError): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#isLost = true
    this.#stream?.stop()
    this.#recorder.lose(loss)
    this.attempts.abort(loss)
    stopActor(this.#actor)
    this.#publish(this.status, undefined)
    this.#slot.release()
    this.#ending.come(() => {
      throw loss
    })
  }

  /**
   * The runtime is closed: those who wait for the end here stop waiting, though work may still be
   * under way.
   */
  disown(): void {
    this.#ending.come(() => {
      throw closedBefore(this.pid)
    })
  }

  #notify(): void {
    this.environment.onRecord(this.pid)
    this.#subscribers.notify(() => this.info())
  }

  #startActor(): void {
    this.#actor.start()
    this.#actor.subscribe({ next: snapshot => this.#record(snapshot), error: error => this.#break(error) })
  }

  #record(snapshot: ReturnType<AnyActor['getSnapshot']>): void {
    if (this.machineContext === this.#context) return
    this.#context = this.machineContext
    const before = this.status
    // Whoever reads that a step has ended can read what it wrote.
    this.#stream?.flush()
    this.#recorder.transition((revision, epoch) =>
      this.#withTraces(toTransition(snapshot, this.#program.plan.name, revision, epoch)),
    )
    this.#stream?.dropEnded(step => this.steps[step]?.endedAt !== undefined)
    const { status } = this
    // Attempts are made in these statuses alone.
    const attempts = status === 'running' || status === 'undoing'
    this.#memories?.dropEnded(attempts)
    const final = isFinal(status)
    if (final) {
      this.#slot.stopWaiting()
      void this.#endOnceWritten()
    } else if (!attempts || !(isWorking(snapshot) || this.#machine?.isWorking === true)) this.#slot.release()
    if (status !== before) {
      this.#publish(before, status)
      if (!final) this.environment.onStatus(this.pid, status)
      if (this.isLimited && isWaiting(status)) this.#vacate()
    }
    this.#notify()
  }

  #withTraces(transition: Transition): Transition {
    const all = Object.entries({ ...this.#traces, ...this.#newTraces })
    this.#newTraces = undefined
    if (all.length === 0) return transition
    const open = all.filter(([step]) => transition.steps[step]?.endedAt === undefined)
    this.#traces = Object.fromEntries(open.length > 0 ? open : all.slice(-1))
    return { ...transition, traces: this.#traces }
  }

  /** @param before absent: it comes; @param status absent: it leaves */
  #publish(before: ProcessStatus | undefined, status: ProcessStatus | undefined): void {
    if (before === undefined) this.#hasCome = true
    if (!processChannel.hasSubscribers || !this.#hasCome) return
    const { pid, record, trace } = this
    const { name, version, createdAt, startedAt, at, error } = record
    processChannel.publish({
      host: this.environment.host.id,
      pid,
      name,
      version,
      ...(before !== undefined && { before }),
      ...(status !== undefined && { status }),
      at,
      createdAt,
      ...(startedAt !== undefined && { startedAt }),
      ...(error !== undefined && { error }),
      ...(trace !== undefined && { trace }),
      ...(this.#traces !== undefined && { traces: this.#traces }),
    } satisfies ProcessMessage)
  }

  get #remembered(): Memories {
    return (this.#memories ??= new Memories({
      pid: this.pid,
      inherits: this.#identity.inherited !== undefined,
      steps: () => this.steps,
      barrier: () => this.streamReady()?.then(() => this.barrier()) ?? this.barrier(),
      write: (step, memory, progress) => {
        // What is remembered is not done again, and so not written again.
        this.#stream?.flush()
        this.#recorder.writeMemory(step, memory, progress && { [step]: progress })
      },
      read: () => this.records(),
    }))
  }

  async #endOnceWritten(): Promise<void> {
    try {
      await this.barrier()
    } catch {
      // Lost with its last record.
      return
    }
    if (this.#isGone) return
    this.#isGone = true
    this.#slot.release()
    this.#ending.come(() => this.record)
    this.environment.onEnd(this.pid)
  }

  /**
   * The chart itself threw: a fault of this library, which must not leave the process running for
   * ever.
   */
  #break(error: unknown): void {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    const before = this.status
    this.#recorder.fail({ name, message, ...(stack && { stack }) })
    this.#publish(before, this.status)
    void this.#endOnceWritten()
    this.#notify()
  }
}
