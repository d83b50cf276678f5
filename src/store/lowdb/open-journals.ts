import type { Journal } from '../../journal/journal.ts'
import { ShortLivedMap } from '../short-lived-map.ts'

/**
 * The most journals kept open: a host may own thousands of processes where `ulimit -n` is 1024.
 * Others are opened for each write.
 */
const MAX_OPEN = 200

/** The journals that a host keeps open: those it wrote to most recently. */
export class OpenJournals {
  readonly #open = new ShortLivedMap<Journal<unknown>, true>()

  /** Call after a write to `journal`. */
  touch(journal: Journal<unknown>): void {
    this.#open.delete(journal)
    this.#open.set(journal, true)
    if (this.#open.size <= MAX_OPEN) return
    for (const oldest of this.#open.keys()) {
      this.close(oldest)
      break
    }
  }

  close(journal: Journal<unknown>): void {
    this.#open.delete(journal)
    journal.close()
  }

  closeAll(): void {
    for (const journal of this.#open.keys()) this.close(journal)
  }
}
