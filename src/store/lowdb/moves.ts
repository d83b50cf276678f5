import { isMissing } from '../../errors.ts'
import { makeFolder } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { hourOf } from '../../record/pid.ts'
import type { FinalStatus } from '../../record/record.ts'
import type { Folders } from './folders.ts'

/** Moves an ended journal out of its owner's folder. */
export class EndedMoves {
  readonly #files: Files
  readonly #folders: Folders
  /** Hours that have a folder, as far as this host knows: `expire` may have removed it since. */
  readonly #made = new Set<string>()

  constructor(files: Files, folders: Folders) {
    this.#files = files
    this.#folders = folders
  }

  /**
   * Returns the folders above in which it may have made one.
   *
   * @param from the folder the journal is in
   */
  move(from: string, pid: string, status: FinalStatus): string[] {
    const file = `${from}/${pid}.jsonl`
    const target = this.#folders.endedFile(pid, status)
    const hour = hourOf(pid)
    if (this.#made.has(hour)) {
      try {
        this.#files.renameSync(file, target)
        return []
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    }
    makeFolder(this.#files, this.#folders.hourFolder(hour))
    this.#made.add(hour)
    this.#files.renameSync(file, target)
    return [this.#folders.ended]
  }
}
