import type { JournalLine } from '../store/record.ts'
import type { HostStore } from '../store/store.ts'
import type { Clock } from './clock.ts'

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 5_000

/**
 * Writes the lines of one process, in order. A store that fails never fails the process: the line is written again until the store has
 * it, and until then the barrier stays shut.
 */
export class Writer {
  readonly #host: HostStore
  readonly #clock: Clock
  readonly #onError: (error: unknown, line: JournalLine) => void
  /** Settles when every line given so far is in the store. */
  #tail: Promise<void> | undefined

  constructor(host: HostStore, clock: Clock, onError: (error: unknown, line: JournalLine) => void) {
    this.#host = host
    this.#clock = clock
    this.#onError = onError
  }

  write(line: JournalLine): void {
    const written = (this.#tail === undefined ? this.#put(line) : this.#tail.then(() => this.#put(line)))
      .catch((error: unknown) => this.#again(line, error, FIRST_RETRY_MS))
      .then(() => {
        if (this.#tail === written) this.#tail = undefined
      })
    this.#tail = written
  }

  /** Resolves when every line is in the store, also those given while waiting. */
  async barrier(): Promise<void> {
    while (this.#tail) await this.#tail
  }

  /** A store that throws instead of rejecting is no different. */
  async #put(line: JournalLine): Promise<void> {
    await this.#host.write(line)
  }

  async #again(line: JournalLine, error: unknown, waitMs: number): Promise<void> {
    this.#onError(error, line)
    await new Promise<void>(resolve => this.#clock.after(waitMs, resolve))
    try {
      await this.#put(line)
    } catch (next) {
      await this.#again(line, next, Math.min(waitMs * 2, LAST_RETRY_MS))
    }
  }
}
