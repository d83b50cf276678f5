import { LowSync, type SyncAdapter } from 'lowdb'
import { isMissing, StepwrightError } from '../../errors.ts'
import { isOutOfFiles, writeFailed } from '../../journal/failures.ts'
import { hostClosed, isLoss, notOwned, processTaken } from '../failures.ts'
import { makeFolder, removeFile } from '../../journal/files.ts'
import { FileBytes } from '../../journal/file-bytes.ts'
import { Journal } from '../../journal/journal.ts'
import { encodeFirst, toFirstLine } from '../../journal/line.ts'
import { newestRecord } from '../../journal/reader.ts'
import type { LimitRecord } from '../../record/limit.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord } from '../../record/record.ts'
import { checkRevision } from '../../journal/revision.ts'
import { ShortLivedMap } from '../short-lived-map.ts'
import { COMPACT_AT } from '../../journal/worth-keeping.ts'
import { draftCompacted, dropDraft, replace, writeDraft } from './compaction.ts'
import type { Replacement } from './compaction.ts'
import type { Directory } from './directory.ts'
import { locate, placeOf } from './locate.ts'
import { OpenJournals } from './open-journals.ts'
import { RELEASED } from './paths.ts'

/** What a host knows of a process it owns. Each journal is a lowdb database. */
interface OwnedJournal {
  readonly low: LowSync<JournalLine>
  readonly journal: Journal<JournalLine>
  readonly key: string | undefined
  readonly epoch: number
  readonly limits: readonly LimitRecord[] | undefined
  /** The revision of the newest line on disk. */
  revision: number
  /** The length past which the journal is compacted, in bytes. */
  compactAt: number
  /** The journal has moved to where ended ones are. */
  moved: boolean
  /** It was given up: what has its path now, if anything, is another journal. */
  dropped: boolean
  /**
   * Folders in which the journal has got a name that a loss of power could still take away. With
   * `durability: 'power'` the write of its newest line resolves once they are synced. Empty
   * otherwise.
   */
  unsafe: ReadonlySet<string>
}

const SAFE: ReadonlySet<string> = new Set()
const NOTHING = {} as JournalLine

/**
 * A journal as a database that is written to at once. A host knows the newest line, since it has
 * just written it, and never reads.
 */
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

const makeUnsafe = (owned: OwnedJournal, ...folders: readonly string[]): void =>
  void (owned.unsafe = new Set([...owned.unsafe, ...folders]))

/**
 * The journals in a host's folder, which it alone writes.
 *
 * The fence: whoever takes a journal away first renames it out of this folder, then copies what is
 * in it, and goes on with the copy (see `adopt`). So a line counts if its journal is still in this
 * folder after the line was written: then it is in every copy. If not, the line is in a file that
 * nobody reads, or at most in the copy, where it does no harm: nothing that follows from it is
 * begun here.
 */
export class OwnedJournals {
  readonly #directory: Directory
  readonly #hostId: string
  readonly #folder: string
  readonly #owned = new ShortLivedMap<string, OwnedJournal>()
  readonly #open = new OpenJournals()
  #closed = false

  constructor(directory: Directory, hostId: string) {
    this.#directory = directory
    this.#hostId = hostId
    this.#folder = directory.paths.activeFolder(hostId)
  }

  has(pid: string): boolean {
    return this.#owned.has(pid)
  }

  /**
   * Adds a journal that was taken. The half line that its last host may have left is cut off before
   * the first write.
   */
  add(record: ProcessRecord): void {
    this.#own(record, 'existing')
  }

  /**
   * Creates a process. Returns the pid that has its key: its own, and then it is in the store and
   * safe, or that of a process that was faster.
   */
  async begin(record: ProcessRecord): Promise<string> {
    const { keys, paths, durability } = this.#directory
    const { pid, key } = record
    const owned = this.#own(record, 'new')
    try {
      owned.low.data = toFirstLine(record)
      this.#writeFirst(owned)
      this.#open.touch(owned.journal)
      await durability.line(owned.journal)
      await durability.folders(this.#folder)
      // Taken away meanwhile, perhaps before the line was there: nobody knows what has become of it.
      if (!this.#isHere(owned)) throw writeFailed(owned.journal.file, this.notOurs(pid))
      const winner =
        key === undefined ? pid : orWriteFailed(paths.key(key), () => keys.claim(key, pid, owned.journal.file))
      if (winner !== pid) this.#abandon(pid, owned)
      return winner
    } catch (error) {
      this.#abandon(pid, owned)
      throw error
    }
  }

  /** Whoever took this host for dead has removed its folder as well. */
  #writeFirst(owned: OwnedJournal): void {
    try {
      this.#put(owned)
    } catch (error) {
      const { files, paths } = this.#directory
      if (!isMissing((error as StepwrightError).cause) || !files.existsSync(paths.format)) throw error
      orWriteFailed(this.#folder, () => makeFolder(files, this.#folder))
      this.#put(owned)
    }
  }

  /**
   * Waits until the claim of a key is safe. Once it was made, others may have been given the
   * process: so a process of this host stays, whatever fails, and its next line waits for the key
   * instead.
   */
  async makeKeySafe(pid: string): Promise<void> {
    const { paths, durability } = this.#directory
    const owned = this.#owned.get(pid)
    if (owned !== undefined) makeUnsafe(owned, paths.keys)
    await (owned === undefined ? durability.folders(paths.keys) : this.#makeSafe(owned).catch(() => {}))
  }

  /**
   * See `HostStore.write`. Most lines are in the store with one call: no promise is made for these.
   */
  write(line: JournalLine): Promise<void> | undefined {
    try {
      const owned = this.#owned.get(line.pid)
      if (owned === undefined || owned.epoch !== epochOf(line)) return this.#writtenBefore(line)
      checkRevision(line, owned.revision)
      // The newest line may be written again: it may have been waiting for its folders.
      if (line.revision === owned.revision) {
        this.#confirm(line.pid, owned)
        return this.#settle(line, owned)
      }
      this.#append(line, owned)
      const safe = this.#directory.durability.line(owned.journal)
      return safe === undefined ? this.#written(line, owned) : safe.then(() => this.#written(line, owned))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Writes the line, and tries again with fewer files open if there are too many. */
  #put({ low }: OwnedJournal): void {
    try {
      low.write()
    } catch (error) {
      if (!isOutOfFiles((error as Error).cause) || !this.#open.shrink()) throw error
      low.write()
    }
  }

  #append(line: JournalLine, owned: OwnedJournal): void {
    try {
      owned.low.data = line
      this.#put(owned)
    } catch (error) {
      // It may fail because the journal is gone.
      this.#confirm(line.pid, owned)
      throw error
    }
  }

  /** Of a last line the answer may have been lost. There is one owner to an epoch. */
  async #writtenBefore(line: JournalLine): Promise<void> {
    const { pid, revision, status } = line
    const journal = isFinal(status) ? locate(this.#directory, pid) : undefined
    if (journal === undefined) throw this.notOurs(pid)
    try {
      const newest = newestRecord(new FileBytes(this.#directory.files, journal.fd), journal)
      const isWritten = journal.place.kind === 'ended' && newest?.revision === revision && newest.epoch === line.epoch
      if (!isWritten) throw this.notOurs(pid)
    } finally {
      this.#directory.files.closeSync(journal.fd)
    }
  }

  /**
   * Makes sure that a journal is still this host's, after what was written to it.
   *
   * @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS; ERR_STORE_WRITE if it cannot be known
   */
  #confirm(pid: string, owned: OwnedJournal): void {
    if (this.#isHere(owned)) return
    if (!owned.dropped) this.drop(pid)
    throw this.notOurs(pid)
  }

  #isHere({ journal, moved, dropped }: OwnedJournal): boolean {
    const { files } = this.#directory
    if (dropped) return false
    if (moved || files.existsSync(journal.file)) return true
    // Other failures than a missing file look the same.
    return orWriteFailed(journal.file, () => files.statSync(journal.file, { throwIfNoEntry: false }) !== undefined)
  }

  /**
   * Gives up a journal that was taken away: nothing that was written to it counts, even if it is
   * under way.
   *
   * @returns false if there is none
   */
  drop(pid: string): boolean {
    const owned = this.#owned.get(pid)
    if (owned === undefined) return false
    owned.dropped = true
    this.#owned.delete(pid)
    this.#open.close(owned.journal)
    return true
  }

  /** Why a host may not write to a process: it is another's, has ended, or is gone. */
  notOurs(pid: string): StepwrightError {
    const found = isPid(pid) ? placeOf(this.#directory, pid) : undefined
    if (found === undefined) return notOwned(pid, this.#hostId)
    const { place } = found
    return processTaken(
      pid,
      this.#hostId,
      place.kind === 'active' && place.owner !== RELEASED ? place.owner : undefined,
    )
  }

  /** Drops the processes whose journals are no longer here, and returns their pids. */
  dropLost(): string[] {
    const lost: string[] = []
    for (const [pid, owned] of this.#owned.entries()) if (!this.#isHere(owned)) lost.push(pid)
    for (const pid of lost) this.drop(pid)
    return lost
  }

  #written(line: JournalLine, owned: OwnedJournal): Promise<void> | undefined {
    owned.revision = line.revision
    this.#open.touch(owned.journal)
    this.#confirm(line.pid, owned)
    if (owned.journal.length > owned.compactAt)
      return this.#compact(line.pid, owned).then(() => this.#settle(line, owned))
    return owned.unsafe.size === 0 && !isFinal(line.status) ? undefined : this.#settle(line, owned)
  }

  async #settle(line: JournalLine, owned: OwnedJournal): Promise<void> {
    if (owned.unsafe.size > 0) await this.#makeSafe(owned)
    await this.endIfFinal(line)
  }

  /** See `HostStore.complete`. */
  async complete(record: ProcessRecord): Promise<void> {
    const { paths, durability } = this.#directory
    const { pid, key } = record
    const owned = this.#get(pid, epochOf(record))
    const { journal } = owned
    const replacement = this.#replacement(pid, key)
    this.#open.close(journal)
    orWriteFailed(journal.file, () => writeDraft(this.#directory, replacement, Buffer.from(encodeFirst(record))))
    await durability.file(replacement.draft)
    if (this.#closed) throw hostClosed(this.#hostId)
    this.#replace(pid, owned, replacement)
    this.#own(record, 'existing')
    await durability.folders(this.#folder, ...(key === undefined ? [] : [paths.keys]))
  }

  release(pid: string, epoch: number): void {
    this.#giveUp(pid, epoch, this.#directory.paths.released)
  }

  /** See `HostStore.requeue`. */
  requeue(pid: string, epoch: number): void {
    const { places, paths } = this.#directory
    const owned = this.#get(pid, epoch)
    this.#confirm(pid, owned)
    orWriteFailed(paths.limits, () => places.vacate(pid, owned.limits ?? []))
    this.#giveUp(pid, epoch, paths.pending)
  }

  /** See `HostStore.claim`. */
  claim(pid: string, epoch: number, limits: readonly LimitRecord[], now: number): boolean {
    const { places, paths } = this.#directory
    this.#confirm(pid, this.#get(pid, epoch))
    return orWriteFailed(paths.limits, () => places.claim(pid, limits, now, epoch > 0))
  }

  /** See `HostStore.vacate`. */
  vacate(pid: string, epoch: number, limits: readonly LimitRecord[]): void {
    const { places, paths } = this.#directory
    this.#confirm(pid, this.#get(pid, epoch))
    orWriteFailed(paths.limits, () => places.vacate(pid, limits))
  }

  #giveUp(pid: string, epoch: number, folder: string): void {
    const { files, paths } = this.#directory
    const owned = this.#get(pid, epoch)
    const { journal } = owned
    this.#open.close(journal)
    try {
      files.renameSync(journal.file, paths.journal(folder, pid))
    } catch (error) {
      this.#confirm(pid, owned)
      throw writeFailed(journal.file, error)
    }
    this.#owned.delete(pid)
  }

  /**
   * Puts a draft in the place of a journal, but never where none is any more: that would be a
   * second journal of the process.
   */
  #replace(pid: string, owned: OwnedJournal, replacement: Replacement): void {
    // The draft may be the adoption's by now: this host has taken the process back.
    if (owned.dropped) throw this.notOurs(pid)
    try {
      this.#confirm(pid, owned)
    } catch (error) {
      dropDraft(this.#directory, replacement)
      throw error
    }
    orWriteFailed(replacement.file, () => replace(this.#directory, replacement))
  }

  async endIfFinal({ pid, status, epoch }: JournalLine): Promise<void> {
    if (!isFinal(status)) return
    const { paths, ended, places } = this.#directory
    const owned = this.#get(pid, epochOf({ epoch }))
    const { journal } = owned
    if (!owned.moved)
      try {
        this.#open.close(journal)
        // As long as the journal is here, this host alone frees its places.
        if (owned.limits !== undefined) places.vacate(pid, owned.limits)
        const made = ended.add(this.#folder, pid, status)
        owned.moved = true
        makeUnsafe(owned, this.#folder, paths.hourFolder(hourOf(pid)), ...made)
      } catch (error) {
        this.#confirm(pid, owned)
        throw writeFailed(journal.file, error)
      }
    await this.#makeSafe(owned)
    this.#owned.delete(pid)
  }

  /** Returns whether any are left to be adopted. */
  close(): boolean {
    const isAny = this.#owned.size > 0
    this.#closed = true
    this.#open.closeAll()
    this.#owned.clear()
    return isAny
  }

  #replacement(pid: string, key: string | undefined): Replacement {
    const { paths } = this.#directory
    return { pid, key, file: paths.journal(this.#folder, pid), draft: paths.draft(this.#folder, pid) }
  }

  #own(record: ProcessRecord, expect: 'new' | 'existing'): OwnedJournal {
    const { pid, key, revision, limits } = record
    const before = this.#owned.get(pid)
    if (before !== undefined) this.#open.close(before.journal)
    const journal = new Journal<JournalLine>(this.#directory.paths.journal(this.#folder, pid), {
      files: this.#directory.files,
      expect,
    })
    const low = new LowSync<JournalLine>(new Appender(journal), NOTHING)
    const owned: OwnedJournal = {
      low,
      journal,
      key,
      epoch: epochOf(record),
      limits,
      revision,
      compactAt: COMPACT_AT,
      moved: false,
      dropped: false,
      unsafe: SAFE,
    }
    this.#owned.set(pid, owned)
    return owned
  }

  #get(pid: string, epoch: number): OwnedJournal {
    const owned = this.#owned.get(pid)
    if (owned === undefined || owned.epoch !== epoch) throw this.notOurs(pid)
    return owned
  }

  /**
   * Drops a process that never began. A journal that cannot be removed is no process to readers
   * while its line is not whole, and otherwise is dropped by its adopter, as its key is another's.
   */
  #abandon(pid: string, { journal }: OwnedJournal): void {
    this.#owned.delete(pid)
    this.#open.close(journal)
    try {
      removeFile(this.#directory.files, journal.file)
    } catch {
      // See above.
    }
  }

  /** A journal that cannot be compacted just stays long: every line of it is safe. */
  async #compact(pid: string, owned: OwnedJournal): Promise<void> {
    const { paths, durability } = this.#directory
    const { journal, key } = owned
    const replacement = this.#replacement(pid, key)
    this.#open.close(journal)
    let { length } = journal
    try {
      const compacted = draftCompacted(this.#directory, replacement)
      await durability.file(replacement.draft)
      // Another host may have adopted the process by now.
      if (this.#closed) return dropDraft(this.#directory, replacement)
      this.#replace(pid, owned, replacement)
      length = compacted
      makeUnsafe(owned, this.#folder, ...(key === undefined ? [] : [paths.keys]))
    } catch (error) {
      // It is tried again when the length has doubled.
      if (isLoss(error)) throw error
    }
    owned.compactAt = Math.max(COMPACT_AT, 2 * length)
  }

  async #makeSafe(owned: OwnedJournal): Promise<void> {
    const folders = owned.unsafe
    await this.#directory.durability.folders(...folders)
    // Other folders may have been added meanwhile.
    owned.unsafe = new Set([...owned.unsafe].filter(folder => !folders.has(folder)))
  }
}

/** Runs `call`. A failure is thrown as ERR_STORE_WRITE with the name of the file. */
export function orWriteFailed<T>(file: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw error instanceof StepwrightError ? error : writeFailed(file, error)
  }
}
