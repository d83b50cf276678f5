import { ItemError } from '../../steps/kinds/each.ts'
import { pool } from '../../steps/run/pool.ts'
import { retryWait } from '../../steps/retry.ts'
import type { Json, Progress } from '../../record/record.ts'
import { ItemAttempt, type ItemsWork } from './item-attempt.ts'

/** Finished items are written at most ten times a second, many to a line. */
const INTERVAL_MS = 100
/** How long a retry waits for the attempt it follows, when that ignores its signal. */
const SETTLE_MS = 5_000

/** One attempt at all the items of a step that are left. */
export class Items {
  readonly #work: ItemsWork
  readonly #outputs: Json[]
  /** What is under way or waits, to be told when it is over. */
  readonly #open = new Set<{ abort(error: unknown): void }>()
  #over: { readonly error: unknown } | undefined
  #done: number
  #batch: [number, Json][] = []
  #writtenAt = -Infinity
  #cancelWrite: (() => void) | undefined
  #message: string | undefined
  readonly #onMessage = (message: string): void => {
    this.#message = message
  }

  constructor(work: ItemsWork) {
    this.#work = work
    this.#outputs = Array.from({ length: work.items.length }, (_, index) => work.finished.get(index) ?? null)
    this.#done = work.finished.size
  }

  get progress(): Progress {
    return { value: this.#done, total: this.#work.items.length, ...(this.#message !== undefined && { message: this.#message }) }
  }

  /** Resolves with the outputs; rejects once all that was begun has settled. What has finished until then is written. */
  async run(): Promise<readonly Json[]> {
    const { items, finished, step, context } = this.#work
    const { signal } = context
    const stop = (): void => this.#stop(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const left = [...items.keys()].filter(index => !finished.has(index))
    await pool(
      left,
      Math.min(step.concurrency, left.length),
      index => this.#item(index),
      () => this.#over !== undefined,
    )
    this.#cancelWrite?.()
    if (!this.#over) return this.#outputs
    this.#write()
    throw this.#over.error
  }

  async #item(index: number): Promise<void> {
    for (let attempt = 1; !this.#over; attempt++) {
      const one = new ItemAttempt(this.#work, index)
      this.#open.add(one)
      try {
        const output = await one.run(attempt, this.#onMessage)
        if (!this.#over) this.#finish(index, output)
        return
      } catch (error) {
        if (!this.#over) await this.#again(index, attempt, error, one.settled)
      } finally {
        this.#open.delete(one)
      }
    }
  }

  /** Waits until the next attempt at the item may begin; if there is to be none, the step has failed. */
  async #again(index: number, attempt: number, error: unknown, settled: Promise<unknown> | undefined): Promise<void> {
    const { step, context } = this.#work
    try {
      const waitMs = retryWait(step.retry, { error, attempt, failures: attempt, seed: `${context.idempotencyKey}:${index}:${attempt}` })
      if (waitMs === undefined) throw error
      await this.#wait(waitMs)
      if (settled) await Promise.race([settled, this.#wait(SETTLE_MS)])
    } catch (thrown) {
      const failure = new ItemError(step.name, index, attempt, thrown)
      this.#work.fail(failure)
      this.#stop(failure)
      await settled
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      const abort = (): void => {
        cancel()
        this.#open.delete(waiting)
        resolve()
      }
      const waiting = { abort }
      const cancel = this.#work.clock.after(ms, abort)
      this.#open.add(waiting)
    })
  }

  /** Nothing more begins; what is under way or waits is told to end. */
  #stop(error: unknown): void {
    this.#over ??= { error }
    for (const one of this.#open) one.abort(error)
  }

  #finish(index: number, output: Json): void {
    this.#outputs[index] = output
    this.#done += 1
    this.#batch.push([index, output])
    // The step's own end has them all.
    if (this.#done === this.#outputs.length) return
    const { clock } = this.#work
    if (clock.now() - this.#writtenAt >= INTERVAL_MS) this.#write()
    else this.#cancelWrite ??= clock.after(INTERVAL_MS, () => this.#write())
  }

  #write(): void {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    this.#writtenAt = this.#work.clock.now()
    if (this.#batch.length > 0) this.#work.write(this.#batch.splice(0), this.progress)
  }
}
