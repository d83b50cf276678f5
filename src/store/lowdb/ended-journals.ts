import { isMissing } from '../../errors.ts'
import { ifThere, makeFolder, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { hourOf } from '../../record/pid.ts'
import type { FinalStatus } from '../../record/record.ts'
import { keyOf } from './first-line.ts'
import type { Keys } from './keys.ts'
import type { Paths } from './paths.ts'

/** The name of an ended journal that a host is deleting, or died while deleting. */
const TAKEN = /^\.[0-9a-z]{20}\.[a-z]+\.jsonl\.[0-9a-z]{11}$/

export const isTaken = (name: string): boolean => TAKEN.test(name)

/** The journals of processes that have ended. */
export class EndedJournals {
  readonly #files: Files
  readonly #paths: Paths
  readonly #keys: Keys
  /**
   * Hours that have a folder, as far as this Node process knows: `expire` may have removed it
   * since.
   */
  readonly #made = new Set<string>()

  constructor(files: Files, paths: Paths, keys: Keys) {
    this.#files = files
    this.#paths = paths
    this.#keys = keys
  }

  /**
   * Moves a journal out of its owner's folder. Returns the folders above in which that may have
   * made one.
   *
   * @param from the folder the journal is in
   */
  add(from: string, pid: string, status: FinalStatus): string[] {
    const file = this.#paths.journal(from, pid)
    const target = this.#paths.endedJournal(pid, status)
    const hour = hourOf(pid)
    if (this.#made.has(hour)) {
      try {
        this.#files.renameSync(file, target)
        return []
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    }
    makeFolder(this.#files, this.#paths.hourFolder(hour))
    this.#made.add(hour)
    this.#files.renameSync(file, target)
    return [this.#paths.ended]
  }

  /**
   * Deletes a journal and frees its key. The journal is taken by a rename first: whoever wins is
   * the only one to touch the key, so a key that was freed and claimed anew is never freed again.
   * Returns false if another host was faster.
   */
  delete(folder: string, name: string): boolean {
    const taken = this.#paths.takenJournal(folder, name)
    if (ifThere(() => (this.#files.renameSync(this.#paths.found(folder, name), taken), true)) === undefined)
      return false
    const key = keyOf(this.#files, taken)
    if (key !== undefined) this.#keys.free(key, taken)
    return removeFile(this.#files, taken)
  }
}
