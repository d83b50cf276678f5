import type { Client } from '../../client/client.ts'
import { StepwrightError } from '../../errors.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import type { AttemptFailure, ChildInput } from '../../machines/context.ts'
import type { Json } from '../../record/record.ts'
import type { Answer } from '../attempt/actors.ts'
import type { Clock } from '../clock.ts'
import type { ProcessHandle } from '../handle.ts'

const STORE_RETRY_MS = 1_000

/** What children need of the runtime. */
interface Family {
  readonly clock: Clock
  readonly client: Client
  /** Aborts once the runtime is closed. */
  readonly closing: AbortSignal
  handleOf(pid: string): ProcessHandle
  isLive(pid: string): boolean
  /** The process has ended. */
  isOver(pid: string): boolean
}

/** Processes that are steps of others: their end wakes the parent, the parent's end is theirs too. */
export class Children {
  readonly #family: Family

  constructor(family: Family) {
    this.#family = family
  }

  /** Waits for a child, wherever it runs. Returns what to do when the parent leaves the step. */
  wait({ pid, child }: ChildInput, answer: Answer): () => void {
    const { clock } = this.#family
    void this.#resultOf(child).then(
      output => answer.resolve({ at: clock.now(), output }),
      (error: unknown) => {
        // Not the child's end but this host's: another one waits on.
        if (isCode(error, 'ERR_RUNTIME_CLOSED')) return
        const failure: AttemptFailure = { at: clock.now(), error: toErrorRecord(error), retryable: false }
        answer.reject(failure)
      },
    )
    // The snapshot that says why is seen by observers only after this call.
    return () => queueMicrotask(() => this.#family.isOver(pid) && this.cancel(child, pid))
  }

  cancel(child: string, parent: string): void {
    this.#family
      .handleOf(child)
      .cancel(`Its parent ${parent} has ended`)
      .catch((error: unknown) => {
        // One that another host runs follows its parent itself.
        if (isCode(error, 'ERR_ALREADY_ENDED') || isCode(error, 'ERR_UNKNOWN_PROCESS') || isCode(error, 'ERR_RUNTIME_CLOSED')) return
        process.emitWarning(`Process ${child} could not be cancelled with its parent ${parent}: ${String(error)}`)
      })
  }

  /** An adopted child whose parent is not here: may be its end was missed, or will come on another host. */
  async follow(child: string, parent: string): Promise<void> {
    if (this.#family.isLive(parent)) return
    const { clock, client, closing } = this.#family
    while (!closing.aborted && this.#family.isLive(child)) {
      try {
        await client.result(parent, { signal: closing })
        return
      } catch (error) {
        if (closing.aborted) return
        const ended = !(error instanceof StepwrightError) || !error.code.startsWith('ERR_STORE')
        if (ended) return this.cancel(child, parent)
        await new Promise<void>(resolve => clock.after(STORE_RETRY_MS, resolve))
      }
    }
  }

  /** A store that fails is waited for: it is no failure of the child. */
  async #resultOf(pid: string): Promise<Json> {
    const { clock, closing } = this.#family
    for (;;) {
      try {
        return (await this.#family.handleOf(pid).result()) as Json
      } catch (error) {
        if (closing.aborted || !(error instanceof StepwrightError) || !error.code.startsWith('ERR_STORE')) throw error
        await new Promise<void>(resolve => clock.after(STORE_RETRY_MS, resolve))
      }
    }
  }
}

const isCode = (error: unknown, code: StepwrightError['code']): boolean => error instanceof StepwrightError && error.code === code
