import { ProcessCancelledError, StepwrightError } from '../../errors.ts'
import type { AttemptFailure, AttemptInput, AttemptPart } from '../../machines/context.ts'
import { attemptChannel, traced, type AttemptMessage } from '../../record/diagnostics.ts'
import { copyJson } from '../../record/json.ts'
import type { Json, Progress, Wait } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import { mayRetry } from '../../steps/retry.ts'
import { waitsRefused } from '../../steps/run/cannot-wait.ts'
import { Execution } from '../../steps/run/execution.ts'
import { toChunk } from '../../steps/run/chunk.ts'
import { OnceCalls, type Remembers } from '../../steps/run/once-calls.ts'
import type { StepContext } from '../../steps/work.ts'
import type { Answer } from './actors.ts'
import { attemptMessage } from './attempt-message.ts'
import { outputOf, type AttemptKind, type AttemptUnderWay, type Result } from './kinds/kind.ts'
import { attemptKind } from './kinds/kinds.ts'
import { toLogEntry } from './log.ts'
import { toProgress } from './progress.ts'
import { startFrom } from './start-process.ts'
import { outputFrom, stepContext } from './step-context.ts'
import type { StoredMemory } from './stored-memory.ts'
import { Waits } from './waits.ts'
import type { AttemptEnvironment, StreamWriter, Workplace } from './workplace.ts'

/**
 * One execution of a step: waits until the store has the record that says so, runs the user's work,
 * answers the machine once.
 */
export class Attempt implements AttemptUnderWay {
  readonly process: Workplace
  readonly execution: Execution
  progress: Progress | undefined
  onStop: (() => void) | undefined
  readonly #environment: AttemptEnvironment
  readonly #step: AttemptedStep
  readonly #input: AttemptInput
  readonly #answer: Answer
  readonly #kind: AttemptKind<AttemptedStep>
  #onceCalls: OnceCalls | undefined
  #waits: Waits | undefined
  #stopped = false
  #answered = false
  /** Set if somebody listens. */
  #message: AttemptMessage | undefined
  /** The work: not begun, under way, or settled or given up. */
  #phase: 'before' | 'during' | 'after' = 'before'
  #over: PromiseWithResolvers<void> | undefined

  constructor(process: Workplace, input: AttemptInput, answer: Answer, part: AttemptPart = 'attempt') {
    this.process = process
    this.#environment = process.environment
    this.#step = process.stepNamed(input.step)
    this.#input = input
    this.#answer = answer
    this.#kind = attemptKind(this.#step, part)
    this.execution = new Execution(process.environment.clock)
    // Its process is lost: the barrier rejects, and nothing begins.
    const entered = attemptChannel.hasSubscribers
      ? this.#traced(input, part === 'attempt' ? part : 'items')
      : this.#enter()
    entered.catch(() => this.process.attempts.remove(this))
  }

  /** Settles when the user's work has, or is given up; `undefined` before it begins. */
  get work(): Promise<void> | undefined {
    if (this.#phase === 'before') return undefined
    this.#over ??= Promise.withResolvers<void>()
    if (this.#phase === 'after') this.#over.resolve()
    return this.#over.promise
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  /** The machine has left the step: nothing begins any more, what runs is told to end. */
  stop(): void {
    if (this.#answered) return
    this.onStop?.()
    this.#stopped = true
    // The snapshot that says why is seen by observers only after this call.
    queueMicrotask(() =>
      this.abort(
        this.process.endReason() ??
          new ProcessCancelledError('ERR_CANCELLED', `Step '${this.#step.name}' is no longer wanted`),
      ),
    )
  }

  abort(reason: Error): void {
    this.execution.abort(reason)
  }

  async #traced({ step, attempt }: AttemptInput, part: AttemptMessage['part']): Promise<void> {
    const { process } = this
    const message = attemptMessage(process, this.#step, attempt, part)
    this.#message = message
    const over = traced(attemptChannel, message, async () => {
      if (message.trace !== undefined) process.keepTrace(step, message.trace)
      try {
        await this.#enter()
        await this.work
      } finally {
        message.outcome ??= 'stopped'
        message.endedAt = this.#environment.clock.now()
      }
      if (message.outcome === 'failed') throw message.error
    })
    await over.catch(() => process.attempts.remove(this))
  }

  /** All that has to be true before the work may begin. */
  async #enter(): Promise<void> {
    const { attempts } = this.process
    // XState calls an invoked actor before observers see its snapshot: one microtask later the
    // record is on its way.
    await Promise.resolve()
    const predecessor = this.#kind.follows ? this.#kind.follows(attempts) : attempts.predecessorOf(this.#step.name)
    if (predecessor !== undefined) await predecessor
    if (this.#stopped) return
    if (!this.process.holdsSlot && !this.#kind.takesNoSlot)
      await new Promise<void>(resolve => this.process.acquireSlot(resolve))
    const barrier = this.process.barrier()
    if (barrier !== undefined) await barrier
    const turn = this.#environment.yieldLoop()
    if (turn !== undefined) await turn
    if (this.#stopped || this.#environment.draining) return attempts.remove(this)
    if (this.#message !== undefined) this.#message.begunAt = this.#environment.clock.now()
    this.#phase = 'during'
    void this.#run()
  }

  async #run(): Promise<void> {
    const step = this.#step
    const kind = this.#kind
    const timeoutMs = kind.timeoutMs?.(step)
    if (timeoutMs !== undefined) this.#limit(timeoutMs)
    try {
      const context = this.#context()
      const work = kind.plain?.(step, this)
      const result = work ? outputOf(await work(context), this) : await kind.perform(step, context, this)
      const ready = this.process.streamReady()
      if (ready !== undefined) await ready
      if (!this.#answered) this.#resolve(result)
    } catch (thrown) {
      // A shutdown is no failure: the attempt is left as it is, and runs again where the process is
      // taken up.
      if (!this.#answered && !(this.#environment.draining && this.execution.isAborted)) this.fail(thrown)
    } finally {
      this.execution.end()
      if (this.#onceCalls?.isBusy === true) await this.#onceCalls.settled()
      this.#end()
    }
  }

  #end(): void {
    this.#phase = 'after'
    this.#over?.resolve()
    this.process.attempts.remove(this)
  }

  #limit(timeoutMs: number): void {
    this.execution.limit(timeoutMs, `Step '${this.#step.name}' of process ${this.process.pid}`, error => {
      if (this.#answered) return
      this.process.attempts.keepWaiting(this.#step.name, this)
      this.fail(error)
    })
  }

  get memory(): StoredMemory {
    return this.process.memoryOf(this.#step.name, this.#input.attempt === 1)
  }

  get remembers(): Remembers {
    return {
      what: `Step '${this.#step.name}' of process ${this.process.pid}`,
      memory: this.memory,
      scope: '',
      write: (once, call, chunk) => this.write(`.${call}`, { once }, chunk),
    }
  }

  /** What arrives after the answer is dropped, but for what is done once: later attempts use it. */
  write(run: string, part: Pick<StreamWriter, 'item' | 'once'>, chunk: Json): void {
    const { step, attempt } = this.#input
    if (part.once === undefined && (this.#answered || this.#stopped)) return
    this.process.write({ step, attempt, ...part, run: `${attempt}${run}` }, chunk)
  }

  /** The calls of `once`; made when there is one. */
  get #calls(): OnceCalls {
    const { clock, maxRecordBytes } = this.#environment
    return (this.#onceCalls ??= new OnceCalls({
      ...this.remembers,
      idempotencyKey: `${this.process.pid}:${this.#step.name}`,
      execution: this.execution,
      clock,
      maxBytes: maxRecordBytes,
    }))
  }

  /** Other kinds have no state in which they could wait. */
  get #refusal(): ReturnType<typeof waitsRefused> | undefined {
    const { kind, name } = this.#step
    if (kind === 'step' && !name.includes('.')) return undefined
    return waitsRefused(kind === 'step' ? `branch '${name}'` : `'${name}', which is of kind '${kind}'`)
  }

  /** What the attempt waits for; made when it first does. */
  get #waiting(): Waits {
    const { clock } = this.#environment
    return (this.#waits ??= new Waits({
      what: this.remembers.what,
      memory: this.memory,
      clock,
      before: this.process.machineContext.steps[this.#step.name]?.waits ?? [],
      signal: this.execution.signal,
      calls: () => this.#onceCalls,
      giveUp: (waits, schemas) => void this.#giveUp(waits, schemas),
    }))
  }

  /** The step waits: its work is not waited for any more, and it begins anew with an answer. */
  async #giveUp(waits: readonly Wait[], schemas: ReadonlyMap<string, StandardSchemaV1>): Promise<void> {
    await this.process.streamReady()
    if (this.#answered) return
    if (this.#stopped) return this.#end()
    this.execution.end()
    this.process.keepSchemas(this.#step.name, schemas)
    this.#resolve({ waits })
    this.#end()
    const names = waits.map(({ name }) => show(name)).join(', ')
    this.abort(
      new StepwrightError('ERR_STEP_WAITS', `Step '${this.#step.name}' waits for ${names}: this attempt is given up`),
    )
  }

  #context(): StepContext {
    const { pid, machineContext } = this.process
    const { services, clock } = this.#environment
    const { step, attempt } = this.#input
    // What arrives after the answer is dropped.
    const over = (): boolean => this.#answered || this.#stopped
    return stepContext(
      {
        pid,
        step,
        attempt,
        idempotencyKey: `${pid}:${step}`,
        services,
        progress: (value, total, message) => {
          const progress = toProgress(value, total, message)
          if (over()) return
          this.progress = progress
          this.process.report(step, progress)
        },
        log: (message, fields) => {
          const entry = toLogEntry(message, fields, { at: clock.now(), step, attempt })
          if (!over()) this.#environment.append('log', pid, [entry])
        },
        write: chunk => this.write('', {}, toChunk(chunk)),
      },
      {
        data: () => copyJson(machineContext.data),
        input: () => copyJson(machineContext.input),
        signal: () => this.execution.signal,
        once: () => this.#calls.once,
        output: () => outputFrom(this.process),
        waitFor: () => (this.#refusal ?? this.#waiting).waitFor,
        sleep: () => (this.#refusal ?? this.#waiting).sleep,
        start: () => startFrom(this.process, `${pid}:${step}`, this.execution),
      },
    )
  }

  #resolve(result: Result): void {
    this.#answered = true
    if (this.#message !== undefined)
      this.#message.outcome = 'skipped' in result ? 'skipped' : 'waits' in result ? 'waits' : 'finished'
    this.#answer.resolve({ ...result, at: this.#environment.clock.now(), progress: this.progress })
  }

  fail(thrown: unknown): void {
    if (this.#answered) return
    this.#answered = true
    if (this.#message !== undefined) Object.assign(this.#message, { outcome: 'failed', error: thrown })
    const failure: AttemptFailure = {
      at: this.#environment.clock.now(),
      progress: this.progress,
      ...this.#judge(thrown),
    }
    this.#answer.reject(failure)
  }

  #judge(thrown: unknown): Pick<AttemptFailure, 'error' | 'retryable' | 'afterMs'> {
    const retry = this.#kind.retry?.(this.#step)
    if (retry === undefined) return { error: toErrorRecord(thrown), retryable: false }
    try {
      return { error: toErrorRecord(thrown), ...mayRetry(retry, thrown, this.#input.attempt) }
    } catch (both) {
      return { error: toErrorRecord(both), retryable: false }
    }
  }
}
