import type { JournalLine } from '../../record/record.ts'
import type { HostStore } from '../../store/store.ts'
import type { Clock } from '../clock.ts'

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
  /** They wait for the one that is being written. */
  readonly #lines: JournalLine[] = []
  /** Settles when every line given so far is in the store. */
  #writing: Promise<void> | undefined

  constructor(host: HostStore, clock: Clock, onError: (error: unknown, line: JournalLine) => void) {
    this.#host = host
    this.#clock = clock
    this.#onError = onError
  }

  write(line: JournalLine): void {
    if (this.#writing === undefined) {
      const written = this.#put(line)
      if (written !== undefined) this.#writing = this.#drain(line, written)
    } else this.#lines.push(line)
  }

  /** Settles when every line is in the store, also those given while waiting; `undefined` if they are. */
  barrier(): Promise<void> | undefined {
    return this.#writing
  }

  async #drain(first: JournalLine, writing: Promise<void>): Promise<void> {
    let line = first
    for (let written: Promise<void> | undefined = writing, waitMs = FIRST_RETRY_MS; ; written = this.#put(line)) {
      try {
        await written
        const next = this.#lines.shift()
        if (next === undefined) break
        line = next
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

  /** A store of somebody else's may throw instead of rejecting. */
  #put(line: JournalLine): Promise<void> | undefined {
    try {
      return this.#host.write(line)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
