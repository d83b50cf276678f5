import type { Clock } from '../../record/clock.ts'
import { copyJson, toJson } from '../../record/json.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import type { ErrorRecord, Json, Memory, Progress } from '../../record/record.ts'
import { fulfilled, rejected } from '../../steps/failures.ts'
import { ItemError } from '../../steps/kinds/each.ts'
import type { EachStep } from '../../steps/kinds/each.ts'
import { attemptUntilDone } from '../../steps/run/attempts.ts'
import { toChunk } from '../../steps/run/chunk.ts'
import { settling, type Execution } from '../../steps/run/execution.ts'
import { OnceCalls, type Remembers } from '../../steps/run/once-calls.ts'
import { pool } from '../../steps/run/pool.ts'
import type { StepContext } from '../../steps/work.ts'
import { toProgress } from './progress.ts'
import { stepContext, waitsRefusedIn } from './step-context.ts'
import type { StoredMemory } from './stored-memory.ts'

/** Finished items are written at most ten times a second, many to a line. */
const INTERVAL_MS = 100

/** The name under which the end of an item is remembered. */
const ITEM = /^#(\d+)(!?)$/

/**
 * What a fan-out works with. `context` is that of the step's attempt; each item gets one like it.
 */
export interface ItemsWork {
  readonly step: EachStep
  readonly items: readonly Json[]
  /** What became of items that an earlier attempt was done with. */
  readonly done: DoneItems
  readonly context: StepContext
  readonly memory: StoredMemory
  readonly work: (context: StepContext, remembers: Remembers, index: number) => unknown
  /** Adds a chunk to the stream. `run`: the attempts of the item, and of the call of `once`. */
  readonly write: (run: string, part: { readonly item: number; readonly once?: string }, chunk: Json) => void
  /** `start` of an item that has this idempotency key. */
  readonly start: (idempotencyKey: string) => StepContext['start']
  readonly clock: Clock
  readonly maxBytes: number
  /**
   * Called at once when an item has failed for good; those under way are told to end, and are
   * waited for.
   */
  readonly fail: (error: unknown) => void
}

/** Of the items that have finished the outputs, and of those that have failed the errors, by index. */
export interface DoneItems {
  readonly outputs: Map<number, Json>
  readonly errors: Map<number, Json>
}

/**
 * What the step remembers of its items. The failure of an item is remembered only where failures
 * are kept.
 */
export function doneItems(memory: ReadonlyMap<string, Json>, keepsFailures: boolean): DoneItems {
  const done: DoneItems = { outputs: new Map(), errors: new Map() }
  for (const [name, value] of memory) {
    const [, index, failed] = ITEM.exec(name) ?? []
    if (index === undefined) continue
    if (failed === '') done.outputs.set(Number(index), value)
    else if (keepsFailures) done.errors.set(Number(index), value)
  }
  return done
}

/** One attempt at all the items of a step that are left. */
export class Items {
  readonly #work: ItemsWork
  readonly #outputs: Json[]
  readonly #errors: Map<number, Json>
  /** Aborts once no more items begin: one has failed, or the attempt was told to end. */
  readonly #ending = new AbortController()
  #done: number
  #batch: Memory[] = []
  #writtenAt = -Infinity
  #cancelWrite: (() => void) | undefined
  #message: string | undefined

  constructor(work: ItemsWork) {
    this.#work = work
    const { outputs, errors } = work.done
    this.#outputs = Array.from({ length: work.items.length }, (_, index) => outputs.get(index) ?? null)
    this.#errors = new Map(errors)
    this.#done = outputs.size + errors.size
  }

  get progress(): Progress {
    const message = this.#message ?? (this.#errors.size > 0 ? `${this.#errors.size} failed` : undefined)
    return { value: this.#done, total: this.#work.items.length, ...(message !== undefined && { message }) }
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  /**
   * Resolves with the outputs; rejects once all that was begun has settled. What has finished until
   * then is written.
   */
  async run(): Promise<readonly Json[]> {
    const { items, done, step, context } = this.#work
    const { signal } = context
    const stop = (): void => this.#ending.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const left = [...items.keys()].filter(index => !done.outputs.has(index) && !done.errors.has(index))
    await pool(
      left,
      Math.min(step.concurrency, left.length),
      index => this.#item(index),
      () => this.#isEnding,
    )
    this.#cancelWrite?.()
    if (!this.#isEnding) return step.tolerated ? this.#settled() : this.#outputs
    this.flush()
    throw this.#ending.signal.reason
  }

  #settled(): Json[] {
    return this.#outputs.map((output, index) => {
      const error = this.#errors.get(index)
      return error === undefined ? fulfilled(output) : rejected(error as unknown as ErrorRecord)
    })
  }

  async #item(index: number): Promise<void> {
    const { step, context, clock, work, maxBytes, memory } = this.#work
    const remembers = {
      what: `Item ${index} of step '${step.name}' of process ${context.pid}`,
      memory,
      scope: `#${index}:`,
    }
    const writeOf = (attempt: number) => ({
      write: (once: string, call: number, chunk: Json): void =>
        this.#work.write(`${attempt}.${call}`, { item: index, once }, chunk),
    })
    let calls: OnceCalls | undefined
    try {
      const output = await attemptUntilDone({
        what: remembers.what,
        retry: step.retry,
        timeoutMs: step.timeoutMs,
        seed: `${context.idempotencyKey}:${index}`,
        clock,
        signal: this.#ending.signal,
        work: async (attempt, execution) => {
          let own: OnceCalls | undefined
          const once = (): OnceCalls =>
            (own ??= calls = new OnceCalls({
              ...remembers,
              ...writeOf(attempt),
              execution,
              idempotencyKey: this.#keyOf(index),
              clock,
              maxBytes,
            }))
          return toJson(
            await work(this.#context(index, attempt, execution, once), { ...remembers, ...writeOf(attempt) }, index),
            maxBytes,
          )
        },
        giveUp: async (failure, attempt, settled) => {
          if (this.#keeps(index, failure)) await settling(settled, clock, this.#ending.signal)
          const error = new ItemError(step.name, index, attempt, failure)
          if (this.#errors.has(index)) return error
          this.flush()
          this.#work.fail(error)
          this.#ending.abort(error)
          await settled
          return error
        },
      })
      if (this.#isEnding) return
      this.#outputs[index] = output
      this.#remember([`#${index}`, output])
      if (calls !== undefined) memory.forget(calls.names)
    } catch (error) {
      // `run` throws for all of them.
      if (!this.#isEnding && !this.#errors.has(index)) throw error
    }
  }

  #keyOf(index: number): string {
    return `${this.#work.context.idempotencyKey}:${index}`
  }

  #context(index: number, attempt: number, execution: Execution, calls: () => OnceCalls): StepContext {
    const { items, context } = this.#work
    const { services, pid, step } = context
    const item = items[index] ?? null
    return stepContext(
      {
        services,
        pid,
        step,
        attempt,
        idempotencyKey: this.#keyOf(index),
        progress: (value, total, message) => {
          const progress = toProgress(value, total, message)
          if (progress.message !== undefined) this.#message = progress.message
        },
        log: (message, fields) => context.log(message, fields),
        write: chunk => this.#work.write(`${attempt}`, { item: index }, toChunk(chunk)),
      },
      {
        data: () => copyJson(item),
        input: () => context.input,
        signal: () => execution.signal,
        once: () => calls().once,
        output: () => name => context.output(name),
        start: () => this.#work.start(this.#keyOf(index)),
        ...waitsRefusedIn(`item ${index} of step '${step}'`),
      },
    )
  }

  /** Whether the step goes on without this item. */
  #keeps(index: number, failure: unknown): boolean {
    const { step, items } = this.#work
    if (this.#isEnding || this.#errors.size >= (step.tolerated?.(items.length) ?? 0)) return false
    const error = toErrorRecord(failure) as unknown as Json
    this.#errors.set(index, error)
    this.#remember([`#${index}!`, error])
    return true
  }

  #remember(memory: Memory): void {
    this.#done += 1
    this.#batch.push(memory)
    // The step's own end has them all.
    if (this.#done === this.#outputs.length) return
    const { clock } = this.#work
    if (clock.now() - this.#writtenAt >= INTERVAL_MS) this.flush()
    else this.#cancelWrite ??= clock.after(INTERVAL_MS, () => this.flush())
  }

  /** Writes what has finished, before anybody ends the step. */
  flush(): void {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    this.#writtenAt = this.#work.clock.now()
    if (this.#batch.length > 0) this.#work.memory.write(this.#batch.splice(0), this.progress)
  }
}
