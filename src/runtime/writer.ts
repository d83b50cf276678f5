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
  /** Not in the store yet; the first is being written. */
  readonly #lines: JournalLine[] = []
  /** Settles when every line given so far is in the store. */
  #writing: Promise<void> | undefined

  constructor(host: HostStore, clock: Clock, onError: (error: unknown, line: JournalLine) => void) {
    this.#host = host
    this.#clock = clock
    this.#onError = onError
  }

  write(line: JournalLine): void {
    this.#lines.push(line)
    this.#writing ??= this.#drain()
  }

  /** Settles when every line is in the store, also those given while waiting; `undefined` if they are. */
  barrier(): Promise<void> | undefined {
    return this.#writing
  }

  async #drain(): Promise<void> {
    for (let line = this.#lines[0], waitMs = FIRST_RETRY_MS; line !== undefined; line = this.#lines[0]) {
      try {
        await this.#host.write(line)
        this.#lines.shift()
        waitMs = FIRST_RETRY_MS
      } catch (error) {
        this.#onError(error, line)
        const wait = waitMs
        await new Promise<void>(resolve => this.#clock.after(wait, resolve))
        waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)
      }
    }
    this.#writing = undefined
  }
}
