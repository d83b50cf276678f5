import { StepwrightError } from '../../errors.ts'
import { copyJson, toJson } from '../../record/json.ts'
import type { EachStep } from '../../steps/kinds/each.ts'
import type { StepContext } from '../../steps/work.ts'
import type { FinishedItems, Json, Progress } from '../../record/record.ts'
import type { Clock } from '../clock.ts'
import { toProgress } from './progress.ts'
import { stepContext } from './step-context.ts'

/** What a fan-out works with. `context` is that of the step's attempt; each item gets one like it. */
export interface ItemsWork {
  readonly step: EachStep
  readonly items: readonly Json[]
  /** Outputs of items that an earlier attempt finished. */
  readonly finished: ReadonlyMap<number, Json>
  readonly context: StepContext
  readonly work: (context: StepContext) => unknown
  readonly clock: Clock
  readonly maxBytes: number
  readonly write: (items: FinishedItems, progress: Progress) => void
  /** Called at once when an item has failed for good; those under way are told to end, and are waited for. */
  readonly fail: (error: unknown) => void
}

/** One attempt at one item of a list. */
export class ItemAttempt {
  readonly #work: ItemsWork
  readonly #index: number
  #controller: AbortController | undefined
  #reason: { readonly error: unknown } | undefined
  /** Settles when the user's work has; nothing before it is called. */
  settled: Promise<unknown> | undefined

  constructor(work: ItemsWork, index: number) {
    this.#work = work
    this.#index = index
  }

  /** The output, or the first of failure and timeout. */
  async run(attempt: number, onMessage: (message: string) => void): Promise<Json> {
    const { step, work, maxBytes } = this.#work
    const output = (async () => toJson(await work(this.#context(attempt, onMessage)), maxBytes))()
    return step.timeoutMs === undefined ? output : this.#within(step.timeoutMs, output)
  }

  abort(error: unknown): void {
    this.#reason ??= { error }
    this.#controller?.abort(this.#reason.error)
  }

  async #within(timeoutMs: number, output: Promise<Json>): Promise<Json> {
    const { step, context, clock } = this.#work
    const timeout = Promise.withResolvers<never>()
    const cancel = clock.after(timeoutMs, () => {
      const where = `Item ${this.#index} of step '${step.name}' of process ${context.pid}`
      const error = new StepwrightError('ERR_STEP_TIMEOUT', `${where} took longer than its timeout of ${timeoutMs} ms`)
      this.settled = output.catch(() => {})
      timeout.reject(error)
      this.abort(error)
    })
    try {
      return await Promise.race([output, timeout.promise])
    } finally {
      cancel()
    }
  }

  #context(attempt: number, onMessage: (message: string) => void): StepContext {
    const { items, context } = this.#work
    const { services, pid, step } = context
    const item = items[this.#index] ?? null
    return stepContext(
      {
        services,
        pid,
        step,
        attempt,
        idempotencyKey: `${context.idempotencyKey}:${this.#index}`,
        progress: (value, total, message) => {
          const progress = toProgress(value, total, message)
          if (progress.message !== undefined) onMessage(progress.message)
        },
        log: (message, fields) => context.log(message, fields),
      },
      { data: () => copyJson(item), input: () => context.input, signal: () => this.#signal() },
    )
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason) this.#controller.abort(this.#reason.error)
    return this.#controller.signal
  }
}
