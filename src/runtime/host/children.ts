import type { Client } from '../../client/client.ts'
import { isStoreError, StepwrightError } from '../../errors.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import type { AttemptFailure, ChildInput } from '../../machines/context.ts'
import type { Json } from '../../record/record.ts'
import type { Answer } from '../attempt/actors.ts'
import type { Clock } from '../../record/clock.ts'
import type { ProcessHandle } from '../handle.ts'
import { keepTrying } from '../keep-trying.ts'

/** What becomes of a child. */
export interface ChildAnswer {
  resolve(output: Json): void
  reject(error: Error): void
}

/** What children need of their host. */
export interface ChildrenOptions {
  readonly clock: Clock
  readonly client: Client
  /** Aborts once the runtime is closed. */
  readonly closing: AbortSignal
  handleOf(pid: string): ProcessHandle
  isLive(pid: string): boolean
  /** The process has ended. */
  isOver(pid: string): boolean
}

/**
 * Processes that are steps of others: a parent goes on when its child has ended, and a child is
 * cancelled with its parent.
 */
export class Children {
  readonly #options: ChildrenOptions

  constructor(options: ChildrenOptions) {
    this.#options = options
  }

  /** The wait of a parent for its child. Returns what to do when the parent leaves the step. */
  wait({ pid, child }: ChildInput, answer: Answer): () => void {
    const { clock } = this.#options
    this.waitFor(child, {
      resolve: output => answer.resolve({ at: clock.now(), output }),
      reject(error) {
        const failure: AttemptFailure = { at: clock.now(), error: toErrorRecord(error), retryable: false }
        answer.reject(failure)
      },
    })
    // The snapshot that says why is seen by observers only after this call.
    return () => queueMicrotask(() => this.#options.isOver(pid) && this.cancel(child, pid))
  }

  /** Answers once a child has ended, wherever it runs. */
  waitFor(child: string, answer: ChildAnswer): void {
    void this.#resultOf(child).then(
      output => answer.resolve(output),
      (error: unknown) => {
        // It is this host that ends, not the child: the next host waits on.
        if (!isCode(error, 'ERR_RUNTIME_CLOSED')) answer.reject(error as Error)
      },
    )
  }

  cancel(child: string, parent: string): void {
    this.#options
      .handleOf(child)
      .cancel(`Its parent ${parent} has ended`)
      .catch((error: unknown) => {
        // A child on another host follows its parent there.
        if (
          isCode(error, 'ERR_ALREADY_ENDED') ||
          isCode(error, 'ERR_UNKNOWN_PROCESS') ||
          isCode(error, 'ERR_RUNTIME_CLOSED')
        )
          return
        process.emitWarning(`Process ${child} could not be cancelled with its parent ${parent}: ${String(error)}`)
      })
  }

  /**
   * Cancels an adopted child once its parent has ended, unless the parent is here: its end may have
   * been missed, or will come elsewhere.
   */
  async follow(child: string, parent: string): Promise<void> {
    if (this.#options.isLive(parent)) return
    const { client, closing } = this.#options
    try {
      await this.#waitOutStore(async () => {
        if (this.#options.isLive(child)) await client.result(parent, { signal: closing })
      })
    } catch {
      if (!closing.aborted && this.#options.isLive(child)) this.cancel(child, parent)
    }
  }

  #resultOf(pid: string): Promise<Json> {
    return this.#waitOutStore(async () => (await this.#options.handleOf(pid).result()) as Json)
  }

  /** A store that fails is waited for: it is no failure of the child. */
  #waitOutStore<T>(work: () => Promise<T>): Promise<T> {
    const { clock, closing } = this.#options
    return keepTrying(work, { clock, passes: error => !closing.aborted && isStoreError(error) })
  }
}

const isCode = (error: unknown, code: StepwrightError['code']): boolean =>
  error instanceof StepwrightError && error.code === code
