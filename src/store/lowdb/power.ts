import fs from 'node:fs'
import { promisify } from 'node:util'
import { writeFailed } from '../failures.ts'
import type { Files } from '../files.ts'
import type { Journal } from '../journal.ts'

/**
 * What makes a rename or a new file survive the loss of power: the folder is on disk too. Those who ask while a folder is being synced
 * share the sync that comes next.
 */
class FolderSync {
  readonly #files: Files
  readonly #next = new Map<string, Promise<void>>()
  readonly #running = new Map<string, Promise<void>>()

  constructor(files: Files) {
    this.#files = files
  }

  sync(folder: string): Promise<void> {
    const waiting = this.#next.get(folder)
    if (waiting !== undefined) return waiting
    const before = this.#running.get(folder) ?? Promise.resolve()
    const next = before
      .catch(() => {})
      .then(() => {
        this.#next.delete(folder)
        const running = this.#syncNow(folder).finally(() => this.#running.delete(folder))
        this.#running.set(folder, running)
        return running
      })
    this.#next.set(folder, next)
    return next
  }

  async #syncNow(folder: string): Promise<void> {
    const fd = this.#files.openSync(folder, fs.constants.O_RDONLY)
    try {
      await promisify((callback: (error: Error | null) => void) => this.#files.fsync(fd, callback))()
    } finally {
      this.#files.closeSync(fd)
    }
  }
}

/** What a host waits for before it calls a line safe. */
export interface Durability {
  /** The newest line of a journal. */
  line(journal: Journal<unknown>): Promise<void>
  /** Files made in these folders, or renamed into or out of them. */
  folders(...folders: readonly string[]): Promise<void>
}

const done = Promise.resolve()

/** Safe from the death of the process: what the kernel has, it keeps. */
export const processDurability: Durability = { line: () => done, folders: () => done }

/** Safe from the loss of power, as far as the disk keeps its word. */
export function powerDurability(files: Files): Durability {
  const sync = new FolderSync(files)
  return {
    line: journal => journal.sync(),
    async folders(...folders) {
      try {
        await Promise.all(folders.map(folder => sync.sync(folder)))
      } catch (error) {
        throw writeFailed(folders.join(', '), error)
      }
    },
  }
}
