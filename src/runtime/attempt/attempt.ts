import { ProcessCancelledError, StepwrightError } from '../../errors.ts'
import type { AttemptFailure, AttemptInput, AttemptResult } from '../../machines/context.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { copyJson, toJson } from '../../record/json.ts'
import type { ChildStep } from '../../steps/kinds/process.ts'
import type { EachStep } from '../../steps/kinds/each.ts'
import type { PlannedStep } from '../../steps/kinds/kinds.ts'
import { mayRetry } from '../../steps/retry.ts'
import { wakeTime } from '../../steps/kinds/sleep.ts'
import type { StepContext } from '../../steps/work.ts'
import type { Json, Progress } from '../../record/record.ts'
import type { Answer } from './actors.ts'
import { Items } from './items.ts'
import { toLogEntry } from './log.ts'
import { toProgress } from './progress.ts'
import { stepContext } from './step-context.ts'
import type { Workplace } from './workplace.ts'

/** One execution of a step: waits until the store has the record that says so, runs the user's work, answers the machine once. */
export class Attempt {
  readonly #process: Workplace
  readonly #step: PlannedStep
  readonly #input: AttemptInput
  readonly #answer: Answer
  /** An each step has two: its list is made, then its items are worked through. */
  readonly #part: 'attempt' | 'items'
  #controller: AbortController | undefined
  #abortReason: Error | undefined
  #stopped = false
  #answered = false
  #progress: Progress | undefined
  #cancelTimeout: (() => void) | undefined
  /** Settles when the user's work has; unset before it begins. */
  work: Promise<void> | undefined

  constructor(process: Workplace, input: AttemptInput, answer: Answer, part: 'attempt' | 'items' = 'attempt') {
    this.#process = process
    this.#step = process.stepNamed(input.step)
    this.#input = input
    this.#answer = answer
    this.#part = part
    void this.#begin()
  }

  /** The machine has left the step: nothing begins any more, what runs is told to end. */
  stop(): void {
    if (this.#answered) return
    this.#stopped = true
    // The snapshot that says why is seen by observers only after this call.
    queueMicrotask(() =>
      this.abort(this.#process.endReason() ?? new ProcessCancelledError('ERR_CANCELLED', `Step '${this.#step.name}' is no longer wanted`)),
    )
  }

  abort(reason: Error): void {
    this.#abortReason ??= reason
    this.#cancelTimeout?.()
    this.#controller?.abort(this.#abortReason)
  }

  async #begin(): Promise<void> {
    // XState calls an invoked actor before observers see its snapshot: one microtask later the record is on its way.
    await Promise.resolve()
    const predecessor = this.#process.attempts.predecessorOf(this.#step.name)
    if (predecessor !== undefined) await predecessor
    if (this.#stopped) return
    if (!this.#process.holdsSlot) await new Promise<void>(resolve => this.#process.takeSlot(resolve))
    const barrier = this.#process.barrier()
    if (barrier !== undefined) await barrier
    const turn = this.#process.pace()
    if (turn !== undefined) await turn
    if (this.#stopped || this.#process.draining) return this.#process.attempts.settled(this)
    this.work = this.#run()
  }

  async #run(): Promise<void> {
    // Other kinds bound the whole of the step, in the chart.
    const timeoutMs = this.#step.kind === 'step' ? this.#step.timeoutMs : undefined
    if (timeoutMs !== undefined) this.#cancelTimeout = this.#process.clock.after(timeoutMs, () => this.#timeOut(timeoutMs))
    try {
      const context = this.#context()
      const step = this.#step
      // Most steps: no promise but the user's own.
      const isPlain = step.kind === 'step' && step.when === undefined
      const result = isPlain ? this.#output(await this.#process.worker(step)(context)) : await this.#perform(step, context)
      if (!this.#answered) this.#resolve(result)
    } catch (thrown) {
      // A shutdown is no failure: the attempt is left as it is, and runs again where the process is taken up.
      if (!this.#answered && !(this.#process.draining && this.#abortReason)) this.#fail(thrown)
    } finally {
      this.#cancelTimeout?.()
      this.#process.attempts.settled(this)
    }
  }

  #output(value: unknown): { readonly output: Json } {
    return { output: toJson(value, this.#process.maxRecordBytes) }
  }

  async #perform(step: PlannedStep, context: StepContext): Promise<DistributiveOmit<AttemptResult, 'at' | 'progress'>> {
    if (step.kind === 'sleep') return { until: await wakeTime(step, context, () => this.#process.clock.now()) }
    if (step.kind === 'each' && this.#part === 'items') return { output: await this.#items(step, context) }
    if ('when' in step && step.when && !(await step.when(context))) return { skipped: true }
    const { output } = this.#output(await this.#process.worker(step)(context))
    return { output: step.kind === 'process' ? await this.#startChild(step, output) : output }
  }

  async #startChild(step: ChildStep, input: Json): Promise<string> {
    if (this.#stopped) throw this.#abortReason ?? new Error(`Step '${step.name}' is no longer wanted`)
    const child = await this.#process.startChild(step, input)
    if (this.#stopped) this.#process.cancelChild(child)
    return child
  }

  async #items(step: EachStep, context: StepContext): Promise<Json> {
    const { machineContext, clock, maxRecordBytes } = this.#process
    const items = new Items({
      step,
      items: machineContext.data as readonly Json[],
      // What no earlier attempt began, none has finished.
      finished: this.#input.attempt === 1 ? new Map() : await this.#process.finishedItems(step.name),
      context,
      work: this.#process.worker(step, 'items'),
      clock,
      maxBytes: maxRecordBytes,
      write: (batch, progress) => this.#process.writeItems(step.name, batch, progress),
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

  #context(): StepContext {
    const { pid, machineContext, services } = this.#process
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
          const entry = toLogEntry(message, fields, { at: this.#process.clock.now(), step, attempt })
          if (!over()) this.#process.log(entry)
        },
      },
      { data: () => copyJson(machineContext.data), input: () => copyJson(machineContext.input), signal: () => this.#signal() },
    )
  }

  #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  #timeOut(timeoutMs: number): void {
    if (this.#answered) return
    const { pid } = this.#process
    const error = new StepwrightError(
      'ERR_STEP_TIMEOUT',
      `Step '${this.#step.name}' of process ${pid} took longer than its timeout of ${timeoutMs} ms`,
    )
    this.#process.attempts.succeed(this.#step.name, this)
    this.#fail(error)
    this.abort(error)
  }

  #resolve(result: DistributiveOmit<AttemptResult, 'at' | 'progress'>): void {
    this.#answered = true
    this.#answer.resolve({ ...result, at: this.#process.clock.now(), progress: this.#progress })
  }

  #fail(thrown: unknown): void {
    this.#answered = true
    const failure: AttemptFailure = { at: this.#process.clock.now(), progress: this.#progress, ...this.#judge(thrown) }
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
