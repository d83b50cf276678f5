import type { JournalLine } from '../../record/record.ts'
import { keepTrying } from '../keep-trying.ts'
import type { Environment } from './environment.ts'

type WriterEnvironment = Pick<Environment, 'store' | 'clock' | 'onStoreError'>

/**
 * Writes the lines of one process, in order. A store that fails never fails the process: the line is written again until the store has
 * it, and until then the barrier stays shut.
 */
export class Writer {
  readonly #environment: WriterEnvironment
  /** They wait for the one that is being written. */
  readonly #lines: JournalLine[] = []
  /** Settles when every line given so far is in the store. */
  #writing: Promise<void> | undefined

  constructor(environment: WriterEnvironment) {
    this.#environment = environment
  }

  write(line: JournalLine): void {
    if (this.#writing === undefined) {
      const written = this.#put(line)
      if (written !== undefined) this.#writing = this.#writeAll(line, written)
    } else this.#lines.push(line)
  }

  /** Settles when every line is in the store, also those given while waiting; `undefined` if they are. */
  barrier(): Promise<void> | undefined {
    return this.#writing
  }

  /** @param first is being written: `writing` settles when that has succeeded or failed */
  async #writeAll(first: JournalLine, writing: Promise<void>): Promise<void> {
    const { clock } = this.#environment
    const onError = (error: unknown): void => this.#environment.onStoreError(error, first.pid)
    let begun: Promise<void> | undefined = writing
    const put = (line: JournalLine) => async (): Promise<void> => {
      const written = begun ?? this.#put(line)
      begun = undefined
      await written
    }
    for (let line: JournalLine | undefined = first; line !== undefined; line = this.#lines.shift())
      await keepTrying(put(line), { clock, onError })
    this.#writing = undefined
  }

  /** A store of somebody else's may throw instead of rejecting. */
  #put(line: JournalLine): Promise<void> | undefined {
    try {
      return this.#environment.store.write(line)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
