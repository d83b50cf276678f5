import fs from 'node:fs'
import { promisify } from 'node:util'
import { writeFailed } from '../../journal/failures.ts'
import { discard, draftOf, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import type { Journal } from '../../journal/journal.ts'

/**
 * Syncs folders, so that renames and new files survive a power failure. Calls during a sync of a
 * folder share the next one.
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
    await syncFile(this.#files, folder)
  }
}

/** Syncs a file or a folder. */
async function syncFile(files: Files, file: string): Promise<void> {
  const fd = files.openSync(file, fs.constants.O_RDONLY)
  try {
    await promisify((callback: (error: Error | null) => void) => files.fsync(fd, callback))()
  } finally {
    files.closeSync(fd)
  }
}

/**
 * What a store awaits before it calls something safe. Each method returns `undefined` if there is
 * nothing to wait for, and rejects with ERR_STORE_WRITE.
 */
export interface Durability {
  /** The newest line of a journal. */
  line(journal: Journal<unknown>): Promise<void> | undefined
  /** The content of a new file. */
  file(file: string): Promise<void> | undefined
  /** Files that were created in these folders, or renamed into or out of them. */
  folders(...folders: readonly string[]): Promise<void> | undefined
}

/** Safe from the death of the Node process: the kernel keeps what was written. */
export const processDurability: Durability = { line: () => undefined, file: () => undefined, folders: () => undefined }

/** Safe from a power failure, as far as the disk keeps its promises. */
export function powerDurability(files: Files): Durability {
  const sync = new FolderSync(files)
  return {
    line: journal => journal.sync(),
    async file(file) {
      try {
        await syncFile(files, file)
      } catch (error) {
        throw writeFailed(file, error)
      }
    },
    async folders(...folders) {
      try {
        await Promise.all(folders.map(folder => sync.sync(folder)))
      } catch (error) {
        throw writeFailed(folders.join(', '), error)
      }
    },
  }
}

/** As `writeAtomically`, but the content is safe before the file gets its name. */
export async function writeSafely(files: Files, durability: Durability, file: string, text: string): Promise<void> {
  const draft = draftOf(file)
  writeNew(files, draft, Buffer.from(text))
  try {
    await durability.file(draft)
    files.renameSync(draft, file)
  } catch (error) {
    discard(files, draft)
    throw error
  }
}
