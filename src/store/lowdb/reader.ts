import { ifThere, openToRead } from '../../journal/files.ts'
import { FileBytes } from '../../journal/file-bytes.ts'
import { corrupt, isOfOneJournal, orReadFailed, readFailed } from '../../journal/failures.ts'
import { everyRecord, final, isTransient, newestHead, newestRecord, settled } from '../../journal/reader.ts'
import { inPieces } from '../in-pieces.ts'
import { createLoopYield } from '../loop-yield.ts'
import { isPid } from '../../record/pid.ts'
import { matches } from '../query.ts'
import { isFinal } from '../../record/record.ts'
import type { LineHead } from '../../journal/line.ts'
import type { NameCount, ProcessRecord, StatusCounts } from '../../record/record.ts'
import type { Host, StoredProcess } from '../../record/host.ts'
import type { CorruptJournal, ListQuery } from '../store.ts'
import { countByName, countByStatus } from './counts.ts'
import type { Directory } from './directory.ts'
import { locate } from './locate.ts'
import type { Located } from './locate.ts'
import { journalsIn } from './names.ts'
import type { NamedJournal } from './names.ts'
import { RELEASED } from './paths.ts'
import type { Paths, Place } from './paths.ts'

/**
 * Reads what hosts write, in any Node process, without asking them. Keeps no file open between
 * calls.
 */
export class Reader {
  readonly #directory: Directory
  /**
   * The names of ended processes, by pid, once somebody has counted by name: they change no more.
   */
  #endedNames: ReadonlyMap<string, string> = new Map()

  constructor(directory: Directory) {
    this.#directory = directory
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    if (!isPid(pid)) return undefined
    const journal = locate(this.#directory, pid)
    return journal && this.#readAndClose(journal)
  }

  holderOf(key: string): string | undefined {
    const { keys, paths } = this.#directory
    return orReadFailed(paths.key(key), () => keys.holderOf(key))
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    const journal = isPid(pid) ? locate(this.#directory, pid) : undefined
    if (journal === undefined) return undefined
    try {
      const records = await settled(journal.file, () =>
        inPieces(everyRecord(new FileBytes(this.#directory.files, journal.fd), journal)),
      )
      if (records.length === 0) mustNotHaveEnded(journal)
      return records.length === 0 ? undefined : records
    } finally {
      this.#directory.files.closeSync(journal.fd)
    }
  }

  async *list(query: ListQuery = {}, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    const { status } = query
    const yieldLoop = createLoopYield()
    for await (const named of journalsIn(this.#directory.files, this.#directory.paths, {
      ended: status === undefined || status.some(isFinal),
    })) {
      if (named.place.kind === 'ended' && status !== undefined && !status.includes(named.place.status)) continue
      await yieldLoop()
      let found: StoredProcess | undefined
      try {
        found = await this.#readNamed(named)
      } catch (error) {
        if (!isOfOneJournal(error)) throw error
        onCorrupt?.({ pid: named.pid, error })
      }
      if (found !== undefined && matches(query, found.record)) yield found
    }
  }

  counts(): Promise<StatusCounts> {
    return countByStatus(this.#directory, named => this.#head(named))
  }

  async countsByName(): Promise<NameCount[]> {
    const { counts, names } = await countByName(this.#directory, named => this.#head(named), this.#endedNames)
    this.#endedNames = names
    return counts
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    const pids: string[] = []
    if (limit < 1) return pids
    for await (const { pid } of journalsIn(this.#directory.files, this.#directory.paths, { prefix }))
      if (pids.push(pid) >= limit) break
    return pids
  }

  /** The owner of a process whose newest record was read in `place`. */
  async ownerOf(place: Place, record: ProcessRecord): Promise<Host | undefined> {
    if (place.kind !== 'active' || place.owner === RELEASED || isFinal(record.status)) return undefined
    return this.#directory.hosts.owner(place.owner)
  }

  async #readNamed(named: NamedJournal): Promise<StoredProcess | undefined> {
    const journal = this.#open(named)
    return journal === undefined ? this.get(named.pid) : this.#readAndClose(journal)
  }

  /** Returns `undefined` if the process does not exist any more. */
  #head(named: NamedJournal): LineHead | Promise<LineHead | undefined> {
    return this.#headNow(named) ?? this.get(named.pid).then(stored => stored?.record)
  }

  /**
   * Returns `undefined` if the journal does not exist any more, or makes no sense at the moment.
   */
  #headNow(named: NamedJournal): LineHead | undefined {
    const journal = this.#open(named)
    if (journal === undefined) return undefined
    try {
      return newestHead(new FileBytes(this.#directory.files, journal.fd), journal.pid)
    } catch (error) {
      if (isTransient(error)) return undefined
      throw readFailed(journal.file, error)
    } finally {
      this.#directory.files.closeSync(journal.fd)
    }
  }

  /** Returns `undefined` if the journal does not exist any more. */
  #open({ pid, place }: NamedJournal): Located | undefined {
    const file = fileOf(this.#directory.paths, pid, place)
    try {
      const fd = ifThere(() => openToRead(this.#directory.files, file))
      return fd === undefined ? undefined : { fd, pid, file, place }
    } catch (error) {
      throw readFailed(file, error)
    }
  }

  async #readAndClose(journal: Located): Promise<StoredProcess | undefined> {
    const { fd, file, place } = journal
    const read = (): ProcessRecord | undefined => newestRecord(new FileBytes(this.#directory.files, fd), journal)
    let record: ProcessRecord | undefined
    try {
      // Nobody writes an ended journal, so nonsense in it does not pass.
      record = place.kind === 'ended' ? final(file, read) : await settled(file, read)
    } finally {
      this.#directory.files.closeSync(fd)
    }
    if (record === undefined) mustNotHaveEnded(journal)
    const host = record && (await this.ownerOf(place, record))
    return record && (host === undefined ? { record } : { record, host })
  }
}

/**
 * A journal whose first line is not whole belongs to a process that has not begun. One that has
 * ended had begun.
 *
 * @throws ERR_STORE_CORRUPT
 */
export function mustNotHaveEnded({ file, place }: Located): void {
  if (place.kind === 'ended') throw corrupt(file, new Error('it has no whole line'))
}

/** Where the journal of a process is. */
export function fileOf(paths: Paths, pid: string, place: Place): string {
  if (place.kind === 'pending') return paths.journal(paths.pending, pid)
  return place.kind === 'active' ? paths.activeJournal(place.owner, pid) : paths.endedJournal(pid, place.status)
}
