import { StepwrightError } from '../../errors.ts'
import { wait, type Clock } from '../../record/clock.ts'

/**
 * How long a retry waits for the attempt before it, if that was told to end and ignores its signal.
 */
const SETTLE_MS = 5_000

/** The message of every ERR_STEP_TIMEOUT. */
export const tookTooLong = (what: string, timeoutMs: number): string =>
  `${what} took longer than its timeout of ${timeoutMs} ms`

/** Resolves once `work` has settled, or has had its time to. */
export async function settling(work: Promise<unknown>, clock: Clock, signal?: AbortSignal): Promise<void> {
  const settled = new AbortController()
  const over = (): void => settled.abort()
  work.then(over, over)
  await wait(clock, SETTLE_MS, signal ? AbortSignal.any([settled.signal, signal]) : settled.signal).catch(() => {})
}

/**
 * One execution of a user's work: its signal, which is made when the work first asks for it, and
 * its timeout.
 */
export class Execution {
  readonly #clock: Clock
  #controller: AbortController | undefined
  #aborted: { readonly reason: unknown } | undefined
  #cancelTimeout: (() => void) | undefined
  /**
   * Set if the work may still be under way after its time was over: resolves once it has settled.
   */
  settled: Promise<unknown> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isAborted(): boolean {
    return this.#aborted !== undefined
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#aborted.reason
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  /** Tells the work to end. The first reason counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.end()
    this.#controller?.abort(this.#aborted.reason)
  }

  /**
   * Begins to count: once the time is over, calls `onTimeout` and tells the work to end, unless
   * `end` comes first.
   * @param what names the work in the message
   */
  limit(timeoutMs: number, what: string, onTimeout: (error: StepwrightError) => void): void {
    this.#cancelTimeout = this.#clock.after(timeoutMs, () => {
      const error = new StepwrightError('ERR_STEP_TIMEOUT', tookTooLong(what, timeoutMs))
      onTimeout(error)
      this.abort(error)
    })
  }

  /** Settles as `working` does, or rejects with ERR_STEP_TIMEOUT once the time is over. */
  within<T>(timeoutMs: number, what: string, working: Promise<T>): Promise<T> {
    const timeout = Promise.withResolvers<never>()
    this.limit(timeoutMs, what, error => {
      this.settled = working.catch(() => {})
      timeout.reject(error)
    })
    return Promise.race([working, timeout.promise])
  }

  /** The timeout no longer counts. */
  end(): void {
    this.#cancelTimeout?.()
    this.#cancelTimeout = undefined
  }
}
