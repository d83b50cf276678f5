import fs from 'node:fs'
import { unlink } from 'node:fs/promises'
import { isMissing } from '../../errors.ts'
import { parseCommand } from '../command.ts'
import type { Answer, Command, Refusal } from '../command.ts'
import { corrupt, readFailed, writeFailed } from '../../journal/failures.ts'
import { ifThere, makeFolder, readText, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { Nonsense } from '../../journal/line.ts'
import { createLoopYield } from '../loop-yield.ts'
import { isPid } from '../../record/pid.ts'
import { namesIn } from './folders.ts'
import type { Folders } from './folders.ts'
import { locate } from './locate.ts'
import { writeSafely, type Durability } from './power.ts'

const COMMAND = /^([0-9a-z]{20})\.([0-9a-z]{20})\.json$/
/** What is no command is put aside under this ending, for people to look at. */
const GARBAGE = '.garbage'
/** A file in the inbox that nobody can want any more is kept so long. */
const KEPT_MS = 60_000

/**
 * Commands for live processes: a file each, made whole by a rename. A host answers by one step that survives a kill on either side of it: a
 * command that was taken is removed, one that was refused is replaced by its refusal.
 */
export class Inbox {
  readonly #files: Files
  readonly #folders: Folders
  readonly #durability: Durability

  constructor(files: Files, folders: Folders, durability: Durability) {
    this.#files = files
    this.#folders = folders
    this.#durability = durability
  }

  async put(command: Command): Promise<void> {
    const file = this.#folders.commandFile(command.pid, command.id)
    let isThere = false
    try {
      makeFolder(this.#files, this.#folders.inbox)
      await writeSafely(this.#files, this.#durability, file, `${JSON.stringify(command)}\n`)
      isThere = true
      await this.#durability.folders(this.#folders.inbox, this.#folders.root)
    } catch (error) {
      // Taken back, unless its host was faster.
      if (isThere && !removeFile(this.#files, file)) return
      throw writeFailed(file, error)
    }
  }

  answerOf(pid: string, id: string): Answer {
    const text = this.#read(pid, id)
    if (text === undefined) return 'taken'
    const found = parseCommand(text, pid, id)
    return 'refused' in found ? found : 'waiting'
  }

  /** The commands that wait for processes of which `isOurs` says yes, oldest first. Garbage is put aside and told. */
  waiting(isOurs: (pid: string) => boolean, onGarbage: (error: Error) => void): Command[] {
    const ours = namesIn(this.#files, this.#folders.inbox).flatMap(name => {
      const [, pid, id] = COMMAND.exec(name) ?? []
      return pid !== undefined && id !== undefined && isOurs(pid) ? [{ pid, id }] : []
    })
    ours.sort((a, b) => (a.id < b.id ? -1 : 1))
    return ours.flatMap(({ pid, id }) => {
      try {
        const text = this.#read(pid, id)
        const found = text === undefined ? undefined : parseCommand(text, pid, id)
        return found === undefined || 'refused' in found ? [] : [found]
      } catch (error) {
        const file = this.#folders.commandFile(pid, id)
        onGarbage(corrupt(`${file}${GARBAGE}`, error))
        if (error instanceof Nonsense) ifThere(() => this.#files.renameSync(file, `${file}${GARBAGE}`))
        return []
      }
    })
  }

  /** The one step by which a command is answered. */
  async answer(pid: string, id: string, refused: Refusal | undefined): Promise<void> {
    const file = this.#folders.commandFile(pid, id)
    try {
      if (refused === undefined) return void removeFile(this.#files, file)
      // Whoever asked may have taken it back meanwhile: then nobody waits for an answer, and it is swept away later.
      await writeSafely(this.#files, this.#durability, file, `${JSON.stringify({ refused })}\n`)
      await this.#durability.folders(this.#folders.inbox)
    } catch (error) {
      throw writeFailed(file, error)
    }
  }

  async forget(pid: string, id: string): Promise<void> {
    if (isPid(pid) && isPid(id) && removeFile(this.#files, this.#folders.commandFile(pid, id)))
      await this.#durability.folders(this.#folders.inbox)
  }

  /** Removes answers nobody has read, commands for processes that live no more, and drafts. */
  async sweep(): Promise<void> {
    const yieldLoop = createLoopYield()
    for (const name of namesIn(this.#files, this.#folders.inbox)) {
      await yieldLoop()
      const file = `${this.#folders.inbox}/${name}`
      const mtimeMs = ifThere(() => fs.statSync(file).mtimeMs)
      if (mtimeMs === undefined || Date.now() - mtimeMs < KEPT_MS || name.endsWith(GARBAGE) || this.#isWanted(name)) continue
      await unlink(file).catch((error: unknown) => {
        if (!isMissing(error)) throw writeFailed(file, error)
      })
    }
  }

  #isWanted(name: string): boolean {
    const [, pid, id] = COMMAND.exec(name) ?? []
    if (pid === undefined || id === undefined) return false
    try {
      if (this.answerOf(pid, id) !== 'waiting') return false
    } catch {
      return true
    }
    const journal = locate(this.#files, this.#folders, pid)
    if (journal !== undefined) this.#files.closeSync(journal.fd)
    return journal !== undefined && journal.place.kind !== 'ended'
  }

  #read(pid: string, id: string): string | undefined {
    const file = this.#folders.commandFile(pid, id)
    try {
      return ifThere(() => readText(this.#files, file))
    } catch (error) {
      throw readFailed(file, error)
    }
  }
}
