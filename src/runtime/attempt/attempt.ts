import { isStoreError, ProcessCancelledError } from '../../errors.ts'
import type { AttemptFailure, AttemptInput, AttemptResult } from '../../machines/context.ts'
import { checkText } from '../../record/check.ts'
import { copyJson, toJson } from '../../record/json.ts'
import type { Json, Progress } from '../../record/record.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { begins, type PlannedStep } from '../../steps/kinds/kinds.ts'
import { prepare } from '../../steps/prepare-work.ts'
import { wakeTime } from '../../steps/kinds/sleep.ts'
import type { EachStep } from '../../steps/kinds/each.ts'
import type { ChildStep } from '../../steps/kinds/process.ts'
import { planOf } from '../../steps/plan.ts'
import { mayRetry } from '../../steps/retry.ts'
import { Execution } from '../../steps/run/execution.ts'
import { OnceCalls, type Remembers } from '../../steps/run/once-calls.ts'
import type { ModuleSpec, StepContext } from '../../steps/work.ts'
import { keepTrying } from '../keep-trying.ts'
import type { Answer } from './actors.ts'
import { finishedItems, Items, type ItemsWork } from './items.ts'
import { toLogEntry } from './log.ts'
import { toProgress } from './progress.ts'
import { stepContext } from './step-context.ts'
import type { StoredMemory } from './stored-memory.ts'
import type { AttemptEnvironment, Workplace } from './workplace.ts'

type Result = DistributiveOmit<AttemptResult, 'at' | 'progress'>

/**
 * One execution of a step: waits until the store has the record that says so, runs the user's work,
 * answers the machine once.
 */
export class Attempt {
  readonly #process: Workplace
  readonly #environment: AttemptEnvironment
  readonly #step: PlannedStep
  readonly #input: AttemptInput
  readonly #answer: Answer
  /** An each step has two: its list is made, then its items are worked through. */
  readonly #part: 'attempt' | 'items'
  readonly #execution: Execution
  #onceCalls: OnceCalls | undefined
  #stopped = false
  #answered = false
  #progress: Progress | undefined
  /** Settles when the user's work has; unset before it begins. */
  work: Promise<void> | undefined

  constructor(process: Workplace, input: AttemptInput, answer: Answer, part: 'attempt' | 'items' = 'attempt') {
    this.#process = process
    this.#environment = process.environment
    this.#step = process.stepNamed(input.step)
    this.#input = input
    this.#answer = answer
    this.#part = part
    this.#execution = new Execution(process.environment.clock)
    // Its process is lost: the barrier rejects, and nothing begins.
    this.#enter().catch(() => this.#process.attempts.remove(this))
  }

  /** The machine has left the step: nothing begins any more, what runs is told to end. */
  stop(): void {
    if (this.#answered) return
    this.#stopped = true
    // The snapshot that says why is seen by observers only after this call.
    queueMicrotask(() =>
      this.abort(
        this.#process.endReason() ??
          new ProcessCancelledError('ERR_CANCELLED', `Step '${this.#step.name}' is no longer wanted`),
      ),
    )
  }

  abort(reason: Error): void {
    this.#execution.abort(reason)
  }

  /** All that has to be true before the work may begin. */
  async #enter(): Promise<void> {
    const { attempts } = this.#process
    // XState calls an invoked actor before observers see its snapshot: one microtask later the
    // record is on its way.
    await Promise.resolve()
    const predecessor = attempts.predecessorOf(this.#step.name)
    if (predecessor !== undefined) await predecessor
    if (this.#stopped) return
    if (!this.#process.holdsSlot) await new Promise<void>(resolve => this.#process.acquireSlot(resolve))
    const barrier = this.#process.barrier()
    if (barrier !== undefined) await barrier
    const turn = this.#environment.yieldLoop()
    if (turn !== undefined) await turn
    if (this.#stopped || this.#environment.draining) return attempts.remove(this)
    this.work = this.#run()
  }

  async #run(): Promise<void> {
    const step = this.#step
    // Other kinds bound the whole of the step, in the chart.
    if (step.kind === 'step' && step.timeoutMs !== undefined) this.#limit(step.timeoutMs)
    try {
      const context = this.#context()
      // Most steps: no promise but the user's own.
      const isPlain = step.kind === 'step' && step.when === undefined
      const result = isPlain ? this.#output(await this.#worker(step)(context)) : await this.#perform(step, context)
      if (!this.#answered) this.#resolve(result)
    } catch (thrown) {
      // A shutdown is no failure: the attempt is left as it is, and runs again where the process is
      // taken up.
      if (!this.#answered && !(this.#environment.draining && this.#execution.isAborted)) this.#fail(thrown)
    } finally {
      this.#execution.end()
      if (this.#onceCalls?.isBusy === true) await this.#onceCalls.settled()
      this.#process.attempts.remove(this)
    }
  }

  #limit(timeoutMs: number): void {
    this.#execution.limit(timeoutMs, `Step '${this.#step.name}' of process ${this.#process.pid}`, error => {
      if (this.#answered) return
      this.#process.attempts.keepWaiting(this.#step.name, this)
      this.#fail(error)
    })
  }

  /**
   * What the step calls: the user's work, here or in a worker; of an each step what makes its list.
   */
  #worker(step: PlannedStep): (context: StepContext) => unknown {
    const { services, isolation } = this.#environment
    if (step.kind !== 'step') return begins(step, services)
    const { work, isolate } = step
    if (isolate === undefined || isolation === undefined) return prepare(work, services)
    return context => isolation.run(work as ModuleSpec, isolate, context, this.#remembers)
  }

  /** What works on an item of an each step. */
  #itemWorker({ work, isolate }: EachStep): ItemsWork['work'] {
    const { services, isolation } = this.#environment
    if (isolate !== undefined && isolation !== undefined)
      return (context, remembers) => isolation.run(work as ModuleSpec, isolate, context, remembers)
    const prepared = prepare(work, services)
    return context => prepared(context)
  }

  #output(value: unknown): { readonly output: Json } {
    return { output: toJson(value, this.#environment.maxRecordBytes) }
  }

  async #perform(step: PlannedStep, context: StepContext): Promise<Result> {
    if (step.kind === 'sleep') return { until: await wakeTime(step, context, () => this.#environment.clock.now()) }
    if (step.kind === 'each' && this.#part === 'items') return { output: await this.#items(step, context) }
    if ('when' in step && step.when && !(await step.when(context))) return { skipped: true }
    const { output } = this.#output(await this.#worker(step)(context))
    return { output: step.kind === 'process' ? await this.#startChild(step, output) : output }
  }

  async #startChild({ name, child }: ChildStep, input: Json): Promise<string> {
    const { pid, machineContext } = this.#process
    const { clock } = this.#environment
    const { failures = 0 } = machineContext.steps[name] ?? {}
    const onError = (error: unknown): void => this.#environment.onStoreError(error, pid)
    const start = async (): Promise<string> => {
      this.#execution.throwIfAborted()
      return this.#environment.startChild(planOf(child), input, { pid, step: name }, failures)
    }
    // A store that fails is waited for: it is no failure of the step.
    const started = await keepTrying(start, { clock, onError, passes: isStoreError })
    if (this.#stopped) this.#environment.cancelChild(started, pid)
    return started
  }

  async #items(step: EachStep, context: StepContext): Promise<Json> {
    const { machineContext } = this.#process
    const { clock, maxRecordBytes } = this.#environment
    const items = new Items({
      step,
      items: machineContext.data as readonly Json[],
      // What no earlier attempt began, none has finished.
      memory: this.#memory,
      finished: finishedItems(await this.#memory.outputs),
      context,
      work: this.#itemWorker(step),
      clock,
      maxBytes: maxRecordBytes,
      fail: error => {
        if (this.#answered || this.#stopped) return
        this.#progress = items.progress
        this.#fail(error)
      },
    })
    try {
      return toJson(await items.run(), maxRecordBytes)
    } finally {
      this.#progress = items.progress
    }
  }

  get #memory(): StoredMemory {
    return this.#process.memoryOf(this.#step.name, this.#input.attempt)
  }

  get #remembers(): Remembers {
    return { what: `Step '${this.#step.name}' of process ${this.#process.pid}`, memory: this.#memory, scope: '' }
  }

  /** The calls of `once`; made when there is one. */
  get #calls(): OnceCalls {
    const { clock, maxRecordBytes } = this.#environment
    return (this.#onceCalls ??= new OnceCalls({
      ...this.#remembers,
      idempotencyKey: `${this.#process.pid}:${this.#step.name}`,
      execution: this.#execution,
      clock,
      maxBytes: maxRecordBytes,
    }))
  }

  #context(): StepContext {
    const { pid, machineContext } = this.#process
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
          this.#progress = progress
          this.#process.report(step, progress)
        },
        log: (message, fields) => {
          const entry = toLogEntry(message, fields, { at: clock.now(), step, attempt })
          if (!over()) this.#environment.log(pid, entry)
        },
      },
      {
        data: () => copyJson(machineContext.data),
        input: () => copyJson(machineContext.input),
        signal: () => this.#execution.signal,
        once: () => this.#calls.once,
        output: () => async name =>
          copyJson((await this.#process.outputOf(checkText(name, 'name of output()'))) as Json),
      },
    )
  }

  #resolve(result: Result): void {
    this.#answered = true
    this.#answer.resolve({ ...result, at: this.#environment.clock.now(), progress: this.#progress })
  }

  #fail(thrown: unknown): void {
    this.#answered = true
    const failure: AttemptFailure = {
      at: this.#environment.clock.now(),
      progress: this.#progress,
      ...this.#judge(thrown),
    }
    this.#answer.reject(failure)
  }

  #judge(thrown: unknown): Pick<AttemptFailure, 'error' | 'retryable' | 'afterMs'> {
    const retry = this.#step.kind === 'step' ? this.#step.retry : undefined
    if (retry === undefined) return { error: toErrorRecord(thrown), retryable: false }
    try {
      return { error: toErrorRecord(thrown), ...mayRetry(retry, thrown, this.#input.attempt) }
    } catch (both) {
      return { error: toErrorRecord(both), retryable: false }
    }
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
