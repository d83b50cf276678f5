import type { StepwrightError } from '../../errors.ts'
import { storeChannel, traced } from '../../record/diagnostics.ts'
import type { JournalLine } from '../../record/record.ts'
import { isLoss } from '../../store/failures.ts'
import { keepTrying } from '../keep-trying.ts'
import type { Environment } from './environment.ts'

type WriterEnvironment = Pick<Environment, 'store' | 'clock' | 'onStoreError' | 'onLoss'>

/**
 * Writes the lines of one process, in order. A store that fails never fails the process: the line
 * is written again until the store has it, and until then the barrier stays shut. If the process is
 * no longer this host's, the barrier never opens again.
 */
export class Writer {
  readonly #environment: WriterEnvironment
  /** They wait for the one that is being written. */
  readonly #lines: JournalLine[] = []
  /**
   * Settles when every line given so far is in the store; rejects for good once the process is
   * lost.
   */
  #writing: Promise<void> | undefined
  #loss: StepwrightError | undefined

  constructor(environment: WriterEnvironment) {
    this.#environment = environment
  }

  write(line: JournalLine): void {
    if (this.#loss !== undefined) return
    if (this.#writing === undefined) {
      const written = this.#put(line)
      if (written !== undefined) this.#wait(this.#writeAll(line, written))
    } else this.#lines.push(line)
  }

  /**
   * Settles when every line is in the store, also those given while waiting; `undefined` if they
   * are. Rejects if the process is lost.
   */
  barrier(): Promise<void> | undefined {
    return this.#writing
  }

  /** Nothing is written any more. */
  lose(loss: StepwrightError): void {
    if (this.#loss !== undefined) return
    this.#loss = loss
    this.#wait(Promise.reject(loss))
  }

  #wait(writing: Promise<void>): void {
    this.#writing = writing
    // Attempts may wait for it, or nobody.
    writing.catch(() => {})
  }

  /** @param first is being written: `writing` settles when that has succeeded or failed */
  async #writeAll(first: JournalLine, writing: Promise<void>): Promise<void> {
    const { clock } = this.#environment
    const { pid } = first
    const onError = (error: unknown): void => this.#environment.onStoreError(error, pid)
    const passes = (error: unknown): boolean => !isLoss(error)
    let begun: Promise<void> | undefined = writing
    const put = (line: JournalLine) => async (): Promise<void> => {
      if (this.#loss !== undefined) throw this.#loss
      const written = begun ?? this.#put(line)
      begun = undefined
      await written
    }
    try {
      for (let line: JournalLine | undefined = first; line !== undefined; line = this.#lines.shift())
        await keepTrying(put(line), { clock, onError, passes })
      this.#writing = undefined
    } catch (error) {
      if (this.#loss === undefined && isLoss(error)) this.#environment.onLoss(pid, error)
      throw error
    }
  }

  /** A store of somebody else's may throw instead of rejecting. */
  #put(line: JournalLine): Promise<void> | undefined {
    const { store } = this.#environment
    try {
      if (!storeChannel.hasSubscribers) return store.write(line)
      const { pid, revision, event } = line
      return traced(storeChannel, { host: store.hostId, pid, revision, event }, () => store.write(line))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
