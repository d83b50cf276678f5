import type { AnyActorRef } from 'xstate'
import { ProcessCancelledError } from '../../errors.ts'
import type { Visits } from '../../machines/context.ts'
import { attemptChannel, traced } from '../../record/diagnostics.ts'
import { fromErrorRecord, toErrorRecord } from '../../record/error-record.ts'
import { copyJson, toJson } from '../../record/json.ts'
import type { VisitOutcome } from '../../record/memory.ts'
import type { Json } from '../../record/record.ts'
import { attemptUntilDone } from '../../steps/run/attempts.ts'
import { Execution } from '../../steps/run/execution.ts'
import { toChunk } from '../../steps/run/chunk.ts'
import { OnceCalls, type Remembers } from '../../steps/run/once-calls.ts'
import type { StepContext } from '../../steps/work.ts'
import type { Answer } from './actors.ts'
import { attemptMessage } from './attempt-message.ts'
import { toLogEntry } from './log.ts'
import { toProgress } from './progress.ts'
import type { ActorPlan, BegunActor } from './step-actor.ts'
import { startFrom } from './start-process.ts'
import { outputFrom, stepContext, waitsRefusedIn } from './step-context.ts'
import type { StoredMemory } from './stored-memory.ts'
import { workerOf } from './worker.ts'
import type { StreamWriter, Workplace } from './workplace.ts'

/** What step actors need of the machine that has them. */
export interface ActorsMachine {
  readonly process: Workplace
  /** The machine step. */
  readonly step: string
  /** Of a machine that goes on from its record. */
  readonly visits: Visits | undefined
  /** The ids that lead to an actor. */
  pathOf(actor: AnyActorRef): readonly string[]
  /** Writes the state of the machine if that has changed. */
  write(): void
}

/** The step actors of one machine. Each time that one begins is a visit, and has a number. */
export class StepActors {
  readonly #machine: ActorsMachine
  #begun: number
  /** The numbers of the visits that have not ended, by the path of the actor. */
  readonly #open: Map<string, number>
  #working = 0

  constructor(machine: ActorsMachine) {
    this.#machine = machine
    const { begun = 0, open = {} } = machine.visits ?? {}
    this.#begun = begun
    this.#open = new Map(Object.entries(open))
  }

  /** The visits as the record has them; `undefined` if there were none. */
  get visits(): Visits | undefined {
    return this.#begun === 0 ? undefined : { begun: this.#begun, open: Object.fromEntries(this.#open) }
  }

  /** Whether one of them takes the slot of the process. */
  get isWorking(): boolean {
    return this.#working > 0
  }

  begin(actor: AnyActorRef, plan: ActorPlan, { input, isRestored }: BegunActor, answer: Answer): () => void {
    const { process, step } = this.#machine
    const path = this.#machine.pathOf(actor).join('/')
    const number = (isRestored ? this.#open.get(path) : undefined) ?? (this.#begun += 1)
    this.#open.set(path, number)
    this.#working += 1
    const visit = new Visit({
      process,
      step,
      path,
      number,
      isRestored,
      plan,
      input: input as Json,
      memory: process.memoryOf(step, this.#machine.visits === undefined),
      begin: () => this.#machine.write(),
      answer: outcome => {
        this.#open.delete(path)
        if ('error' in outcome) answer.reject(fromErrorRecord(outcome.error))
        else answer.resolve(copyJson(outcome.output))
      },
      end: () => {
        this.#working -= 1
        if (this.#working === 0) process.releaseSlot()
      },
    })
    return () => {
      // Another visit may have begun: leaving a state and entering it again is one transition.
      if (this.#open.get(path) === number) this.#open.delete(path)
      visit.stop()
    }
  }
}

interface VisitWork {
  readonly process: Workplace
  readonly step: string
  readonly path: string
  readonly number: number
  readonly isRestored: boolean
  readonly plan: ActorPlan
  readonly input: Json
  readonly memory: StoredMemory
  /** Writes the record that says that the actor has begun. */
  begin(): void
  answer(outcome: VisitOutcome): void
  /** Called once: nothing of the work is under way, or it was told to end. */
  end(): void
}

/** One visit of a step actor: its attempts, until it has an outcome. */
class Visit {
  readonly #visit: VisitWork
  readonly #execution: Execution
  #isOver = false
  /** The names that the attempts have used in `once`. */
  readonly #names = new Set<string>()
  /** Settles when the user's work has; unset before it begins. */
  work: Promise<void> | undefined

  constructor(visit: VisitWork) {
    this.#visit = visit
    const { attempts, environment } = visit.process
    this.#execution = new Execution(environment.clock)
    attempts.add(this)
    // Its process is lost: the barrier rejects, and nothing begins.
    this.#enter().catch(() => this.#leave())
  }

  get isStopped(): boolean {
    return this.#isOver
  }

  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#visit.end()
    const { process } = this.#visit
    // The snapshot that says why is seen by observers only after this call.
    queueMicrotask(() =>
      this.abort(
        process.endReason() ?? new ProcessCancelledError('ERR_CANCELLED', `${this.#what} is no longer wanted`),
      ),
    )
  }

  abort(reason: Error): void {
    this.#execution.abort(reason)
  }

  get #what(): string {
    const { process, step, path } = this.#visit
    return `Actor '${path}' of step '${step}' of process ${process.pid}`
  }

  get #name(): string {
    return `#${this.#visit.number}`
  }

  async #enter(): Promise<void> {
    const { process } = this.#visit
    const { environment } = process
    // XState begins an actor before anybody sees the state of its machine that says so.
    await Promise.resolve()
    if (this.#isOver) return this.#leave()
    this.#visit.begin()
    if (!process.holdsSlot) await new Promise<void>(resolve => process.acquireSlot(resolve))
    await process.barrier()
    await environment.yieldLoop()
    if (this.#isOver || environment.draining) return this.#leave()
    this.work = this.#run().finally(() => this.#leave())
  }

  async #run(): Promise<void> {
    const { memory, process } = this.#visit
    const settled: Promise<unknown>[] = []
    try {
      const remembered = (await memory.recall(this.#name)) as VisitOutcome | undefined
      const outcome = remembered ?? (await this.#attempts(settled))
      await process.streamReady()
      if (outcome === undefined || this.#isOver) return
      this.#isOver = true
      this.#visit.answer(outcome)
      this.#visit.end()
      memory.forget([this.#name, ...this.#names])
    } catch {
      // The process is lost.
    } finally {
      await Promise.all(settled)
    }
  }

  /** The outcome, once it is in the store; `undefined` if the work was told to end. */
  async #attempts(settled: Promise<unknown>[]): Promise<VisitOutcome | undefined> {
    const { process, plan, memory } = this.#visit
    const { clock, maxRecordBytes } = process.environment
    const worker = workerOf(process.environment, plan)
    const remembersOf = (attempt: number): Remembers => ({
      what: this.#what,
      memory,
      scope: `${this.#name}:`,
      write: (once, call, chunk) => this.#write(`${attempt}.${call}`, attempt, { once }, chunk),
    })
    const beganAt = clock.now()
    const outcome = await attemptUntilDone({
      what: this.#what,
      retry: plan.retry,
      timeoutMs: plan.timeoutMs,
      seed: this.#key,
      clock,
      signal: this.#execution.signal,
      work: (attempt, execution) =>
        this.#traced(attempt, async () => {
          const remembers = remembersOf(attempt)
          let calls: OnceCalls | undefined
          const once = (): StepContext['once'] =>
            (calls ??= new OnceCalls({
              ...remembers,
              execution,
              idempotencyKey: this.#key,
              clock,
              maxBytes: maxRecordBytes,
            })).once
          try {
            return toJson(await worker(this.#context(attempt, execution, once), remembers), maxRecordBytes)
          } finally {
            for (const name of calls?.names ?? []) this.#names.add(name)
            if (calls?.isBusy === true) settled.push(calls.settled())
          }
        }),
      giveUp: (failure, _, working) => {
        settled.push(working)
        return failure as Error
      },
    }).then(
      (output): VisitOutcome => ({ output }),
      (error: unknown): VisitOutcome | undefined =>
        // A shutdown is no failure: the next host of the process runs the actor again.
        this.#execution.isAborted ? undefined : { error: toErrorRecord(error) },
    )
    if (outcome === undefined || this.#isOver) return undefined
    await memory.remember(this.#name, outcome as unknown as Json, Math.max(0, clock.now() - beganAt))
    return outcome
  }

  #traced(attempt: number, work: () => Promise<Json>): Promise<Json> {
    if (!attemptChannel.hasSubscribers) return work()
    const { process, step, path } = this.#visit
    const { clock } = process.environment
    const message = attemptMessage(process, { name: step, kind: 'machine' }, attempt)
    message.actor = path
    message.begunAt = clock.now()
    return traced(attemptChannel, message, async () => {
      message.outcome = 'failed'
      try {
        const output = await work()
        message.outcome = 'finished'
        return output
      } finally {
        if (this.#execution.isAborted) message.outcome = 'stopped'
        message.endedAt = clock.now()
      }
    })
  }

  get #key(): string {
    const { process, step, path, number } = this.#visit
    return `${process.pid}:${step}:${path}:${number}`
  }

  #context(attempt: number, execution: Execution, once: () => StepContext['once']): StepContext {
    const { process, step, input } = this.#visit
    const { services, clock } = process.environment
    return stepContext(
      {
        pid: process.pid,
        step,
        attempt,
        idempotencyKey: this.#key,
        services,
        progress: (value, total, message) => {
          const progress = toProgress(value, total, message)
          if (!this.#isOver) process.report(step, progress)
        },
        log: (message, fields) => {
          const entry = toLogEntry(message, fields, { at: clock.now(), step, attempt })
          if (!this.#isOver) process.environment.append('log', process.pid, [entry])
        },
        write: chunk => this.#write(`${attempt}`, attempt, {}, toChunk(chunk)),
      },
      {
        data: () => copyJson(input),
        input: () => copyJson(process.machineContext.input),
        signal: () => execution.signal,
        once,
        output: () => outputFrom(process),
        start: () => startFrom(process, this.#key, execution),
        ...waitsRefusedIn(`an actor of the machine in step '${step}'`),
      },
    )
  }

  /** What arrives after the end is dropped, but for what is done once: later attempts use it. */
  #write(run: string, attempt: number, part: Pick<StreamWriter, 'once'>, chunk: Json): void {
    const { process, step, number, isRestored } = this.#visit
    if (part.once === undefined && this.#isOver) return
    process.write({ step, attempt, item: number, ...part, run: `${isRestored ? 2 : 1}.${run}` }, chunk)
  }

  #leave(): void {
    this.#visit.process.attempts.remove(this)
    if (this.#isOver) return
    this.#isOver = true
    this.#visit.end()
  }
}
