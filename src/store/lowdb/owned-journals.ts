import { LowSync, type SyncAdapter } from 'lowdb'
import { StepwrightError } from '../../errors.ts'
import { writeFailed } from '../../journal/failures.ts'
import { hostClosed, notOwned } from '../failures.ts'
import { removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { Journal } from '../../journal/journal.ts'
import { encodeFirst, toFirstLine } from '../../journal/line.ts'
import { hourOf } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord } from '../../record/record.ts'
import { checkRevision } from '../../journal/revision.ts'
import { ShortLivedMap } from '../short-lived-map.ts'
import { COMPACT_AT } from '../../journal/worth-keeping.ts'
import { draftCompacted, dropDraft, replace, replacementIn, writeDraft } from './compaction.ts'
import type { Folders } from './folders.ts'
import type { Keys } from './keys.ts'
import type { EndedMoves } from './moves.ts'
import { OpenJournals } from './open-journals.ts'
import type { Durability } from './power.ts'

/** What a host knows of a process it owns. Each journal is a lowdb database. */
interface Owned {
  readonly low: LowSync<JournalLine>
  readonly journal: Journal<JournalLine>
  readonly key: string | undefined
  /** Of the newest line on disk. */
  revision: number
  /** Bytes past which the journal is compacted. */
  compactAt: number
  /** It is where ended ones are. */
  moved: boolean
  /** Folders with names of it that may not be safe yet: its newest line waits for them. */
  unsafe: ReadonlySet<string>
}

const SAFE: ReadonlySet<string> = new Set()
const NOTHING = {} as JournalLine

/** A journal as a database that is written to at once. Its newest line is what the host has just written: nobody reads it here. */
class Appender implements SyncAdapter<JournalLine> {
  readonly #journal: Journal<JournalLine>

  constructor(journal: Journal<JournalLine>) {
    this.#journal = journal
  }

  read(): null {
    return null
  }

  write(line: JournalLine): void {
    this.#journal.append(line)
  }
}

const makeUnsafe = (owned: Owned, ...folders: readonly string[]): void => void (owned.unsafe = new Set([...owned.unsafe, ...folders]))

export interface Owner {
  readonly hostId: string
  readonly files: Files
  readonly folders: Folders
  readonly keys: Keys
  readonly moves: EndedMoves
  readonly durability: Durability
}

/** The journals in a host's folder, which it alone writes. */
export class OwnedJournals {
  readonly #owner: Owner
  readonly #folder: string
  readonly #owned = new ShortLivedMap<string, Owned>()
  readonly #open = new OpenJournals()
  #closed = false

  constructor(owner: Owner) {
    this.#owner = owner
    this.#folder = owner.folders.activeFolder(owner.hostId)
  }

  has(pid: string): boolean {
    return this.#owned.has(pid)
  }

  /** A journal that was taken. The half of a line that its last host may have left is cut off before the first write. */
  add(record: ProcessRecord): void {
    this.#own(record, 'existing')
  }

  /** Returns who has the key of a new process: itself, which is in the store then and safe, or who was faster. */
  async begin(record: ProcessRecord): Promise<string> {
    const { keys, folders, durability } = this.#owner
    const { pid, key } = record
    const owned = this.#own(record, 'new')
    try {
      owned.low.data = toFirstLine(record)
      owned.low.write()
      this.#open.touch(owned.journal)
      await durability.line(owned.journal)
      await durability.folders(this.#folder)
      const winner = key === undefined ? pid : orWriteFailed(folders.keyFile(key), () => keys.claim(key, pid, owned.journal.file))
      if (winner !== pid) this.#abandon(pid, owned)
      return winner
    } catch (error) {
      this.#abandon(pid, owned)
      throw error
    }
  }

  /** From its claim on others may have been given the process: one of this host's stays, whatever fails, and its next line waits. */
  async makeKeySafe(pid: string): Promise<void> {
    const { folders, durability } = this.#owner
    const owned = this.#owned.get(pid)
    if (owned !== undefined) makeUnsafe(owned, folders.keys)
    await (owned === undefined ? durability.folders(folders.keys) : this.#makeSafe(owned).catch(() => {}))
  }

  /** See `HostStore.write`. Most lines are in the store with one call: no promise is made for these. */
  write(line: JournalLine): Promise<void> | undefined {
    try {
      const owned = this.#get(line.pid)
      const isNew = line.revision > owned.revision
      // The one that is down already may have been waiting for its folders.
      if (line.revision !== owned.revision || owned.unsafe.size === 0) checkRevision(line, owned.revision)
      if (!isNew) return this.#settle(line, owned)
      owned.low.data = line
      owned.low.write()
      const safe = this.#owner.durability.line(owned.journal)
      return safe === undefined ? this.#written(line, owned) : safe.then(() => this.#written(line, owned))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #written(line: JournalLine, owned: Owned): Promise<void> | undefined {
    owned.revision = line.revision
    this.#open.touch(owned.journal)
    if (owned.journal.length > owned.compactAt) return this.#compact(line.pid, owned).then(() => this.#settle(line, owned))
    return owned.unsafe.size === 0 && !isFinal(line.status) ? undefined : this.#settle(line, owned)
  }

  async #settle(line: JournalLine, owned: Owned): Promise<void> {
    if (owned.unsafe.size > 0) await this.#makeSafe(owned)
    await this.endIfFinal(line)
  }

  /** See `HostStore.complete`. */
  async complete(record: ProcessRecord): Promise<void> {
    const { hostId, files, folders, keys, durability } = this.#owner
    const { pid, key } = record
    const { journal } = this.#get(pid)
    const replacement = replacementIn(this.#folder, pid, key)
    this.#open.close(journal)
    orWriteFailed(journal.file, () => writeDraft(files, keys, replacement, Buffer.from(encodeFirst(record))))
    await durability.file(replacement.draft)
    if (this.#closed) throw hostClosed(hostId)
    orWriteFailed(journal.file, () => replace(files, keys, replacement))
    this.#own(record, 'existing')
    await durability.folders(this.#folder, ...(key === undefined ? [] : [folders.keys]))
  }

  release(pid: string): void {
    const { files, folders } = this.#owner
    const { journal } = this.#get(pid)
    orWriteFailed(journal.file, () => {
      this.#open.close(journal)
      files.renameSync(journal.file, `${folders.released}/${pid}.jsonl`)
    })
    this.#owned.delete(pid)
  }

  async endIfFinal({ pid, status }: JournalLine): Promise<void> {
    if (!isFinal(status)) return
    const { folders, moves } = this.#owner
    const owned = this.#get(pid)
    const { journal } = owned
    if (!owned.moved)
      orWriteFailed(journal.file, () => {
        this.#open.close(journal)
        const made = moves.move(this.#folder, pid, status)
        owned.moved = true
        makeUnsafe(owned, this.#folder, folders.hourFolder(hourOf(pid)), ...made)
      })
    await this.#makeSafe(owned)
    this.#owned.delete(pid)
  }

  /** Returns whether any are left, for an heir. */
  close(): boolean {
    const isAny = this.#owned.size > 0
    this.#closed = true
    this.#open.closeAll()
    this.#owned.clear()
    return isAny
  }

  #own({ pid, key, revision }: ProcessRecord, expect: 'new' | 'existing'): Owned {
    const journal = new Journal<JournalLine>(`${this.#folder}/${pid}.jsonl`, { files: this.#owner.files, expect })
    const low = new LowSync<JournalLine>(new Appender(journal), NOTHING)
    const owned: Owned = { low, journal, key, revision, compactAt: COMPACT_AT, moved: false, unsafe: SAFE }
    this.#owned.set(pid, owned)
    return owned
  }

  #get(pid: string): Owned {
    const owned = this.#owned.get(pid)
    if (owned === undefined) throw notOwned(pid, this.#owner.hostId)
    return owned
  }

  /** Drops a process that never began. What cannot be removed is no process to readers, or loses its key when it is adopted. */
  #abandon(pid: string, { journal }: Owned): void {
    this.#owned.delete(pid)
    this.#open.close(journal)
    try {
      removeFile(this.#owner.files, journal.file)
    } catch {
      // As above.
    }
  }

  /** A journal that cannot be compacted just stays long: every line of it is safe. */
  async #compact(pid: string, owned: Owned): Promise<void> {
    const { files, folders, keys, durability } = this.#owner
    const { journal, key } = owned
    const replacement = replacementIn(this.#folder, pid, key)
    this.#open.close(journal)
    let { length } = journal
    try {
      const compacted = draftCompacted(files, keys, replacement)
      await durability.file(replacement.draft)
      // An heir may have the journal by now.
      if (this.#closed) return dropDraft(files, keys, replacement)
      replace(files, keys, replacement)
      length = compacted
      makeUnsafe(owned, this.#folder, ...(key === undefined ? [] : [folders.keys]))
    } catch {
      // Tried again when it has doubled.
    }
    owned.compactAt = Math.max(COMPACT_AT, 2 * length)
  }

  async #makeSafe(owned: Owned): Promise<void> {
    const folders = owned.unsafe
    await this.#owner.durability.folders(...folders)
    // Others may have been added meanwhile.
    owned.unsafe = new Set([...owned.unsafe].filter(folder => !folders.has(folder)))
  }
}

/** Runs what changes a file; a failure names it. */
export function orWriteFailed<T>(file: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw error instanceof StepwrightError ? error : writeFailed(file, error)
  }
}
