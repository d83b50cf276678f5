import fs from 'node:fs'
import type { Journal } from '../../journal/journal.ts'
import { ShortLivedMap } from '../short-lived-map.ts'

/**
 * The most journals kept open: a host may own thousands of processes where `ulimit -n` is 1024.
 * Others are opened for each write.
 */
const MAX_OPEN = 200

/** A quarter of the files that this Node process may open, where the system says how many. */
function mostOpen(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined ? MAX_OPEN : Math.min(MAX_OPEN, Math.floor(Number(limit) / 4))
  } catch {
    return MAX_OPEN
  }
}

/** The journals that a host keeps open: those it wrote to most recently. */
export class OpenJournals {
  readonly #open = new ShortLivedMap<Journal<unknown>, true>()
  #most = mostOpen()

  /** Call after a write to `journal`. */
  touch(journal: Journal<unknown>): void {
    this.#open.delete(journal)
    this.#open.set(journal, true)
    if (this.#open.size <= this.#most) return
    for (const oldest of this.#open.keys()) {
      this.close(oldest)
      break
    }
  }

  close(journal: Journal<unknown>): void {
    this.#open.delete(journal)
    journal.close()
  }

  /**
   * Closes half of the journals, and keeps no more open from now on. Returns whether any was
   * closed. Other parts of the program need files too.
   */
  shrink(): boolean {
    const journals = [...this.#open.keys()]
    this.#most = Math.floor(journals.length / 2)
    for (const oldest of journals.slice(0, journals.length - this.#most)) this.close(oldest)
    return journals.length > 0
  }

  closeAll(): void {
    for (const journal of this.#open.keys()) this.close(journal)
  }
}
