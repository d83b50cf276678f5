import fs from 'node:fs'
import { ifThere } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { FileBytes } from '../../journal/file-bytes.ts'
import { isOfOneJournal, readFailed } from '../../journal/failures.ts'
import { everyRecord, final, isTransient, newestRecord, newestStatus, settled } from '../../journal/reader.ts'
import { createLoopYield } from '../loop-yield.ts'
import { isPid } from '../../record/pid.ts'
import { matches } from '../query.ts'
import { isFinal } from '../../record/record.ts'
import type { ProcessRecord, ProcessStatus, StatusCounts } from '../../record/record.ts'
import type { Host, StoredProcess } from '../../record/host.ts'
import type { CorruptJournal, ListQuery } from '../store.ts'
import { counts } from './counts.ts'
import { RELEASED } from './folders.ts'
import type { Folders, Place } from './folders.ts'
import type { Hosts } from './hosts.ts'
import { locate } from './locate.ts'
import type { Located } from './locate.ts'
import { journalsIn } from './names.ts'
import type { NamedJournal } from './names.ts'

/** Reads what hosts write, from any process, without asking them. Holds nothing open between calls. */
export class Reader {
  readonly #files: Files
  readonly #folders: Folders
  readonly #hosts: Hosts

  constructor(files: Files, folders: Folders, hosts: Hosts) {
    this.#files = files
    this.#folders = folders
    this.#hosts = hosts
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    if (!isPid(pid)) return undefined
    const journal = locate(this.#files, this.#folders, pid)
    return journal && this.#readAndClose(journal)
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    const journal = isPid(pid) ? locate(this.#files, this.#folders, pid) : undefined
    if (journal === undefined) return undefined
    try {
      const records = await settled(journal.file, () => everyRecord(new FileBytes(this.#files, journal.fd), journal))
      return records.length === 0 ? undefined : records
    } finally {
      this.#files.closeSync(journal.fd)
    }
  }

  async *list(query: ListQuery = {}, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    const { status } = query
    const yieldLoop = createLoopYield()
    for await (const named of journalsIn(this.#files, this.#folders, { ended: status === undefined || status.some(isFinal) })) {
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
    return counts(
      this.#files,
      this.#folders,
      named => this.#statusNow(named),
      async named => (await this.get(named.pid))?.record.status,
    )
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    const pids: string[] = []
    if (limit < 1) return pids
    for await (const { pid } of journalsIn(this.#files, this.#folders, { prefix })) if (pids.push(pid) >= limit) break
    return pids
  }

  /** Who owns a process whose newest record was read in `place`. */
  async ownerOf(place: Place, record: ProcessRecord): Promise<Host | undefined> {
    if (place.kind !== 'active' || place.owner === RELEASED || isFinal(record.status)) return undefined
    return (await this.#hosts.get(place.owner)) ?? { id: place.owner, osPid: 0, hostname: '', startedAt: 0, state: 'dead' }
  }

  /** The host in whose folder a live process's journal is, whether it is alive or not. */
  async hostIdOf(pid: string): Promise<string | undefined> {
    const journal = isPid(pid) ? locate(this.#files, this.#folders, pid) : undefined
    if (journal === undefined) return undefined
    this.#files.closeSync(journal.fd)
    return journal.place.kind === 'active' && journal.place.owner !== RELEASED ? journal.place.owner : undefined
  }

  async #readNamed(named: NamedJournal): Promise<StoredProcess | undefined> {
    const journal = this.#open(named)
    return journal === undefined ? this.get(named.pid) : this.#readAndClose(journal)
  }

  /** `undefined`: it is there no longer, or makes no sense just now. */
  #statusNow(named: NamedJournal): ProcessStatus | undefined {
    const journal = this.#open(named)
    if (journal === undefined) return undefined
    try {
      return newestStatus(new FileBytes(this.#files, journal.fd), journal.pid)
    } catch (error) {
      if (isTransient(error)) return undefined
      throw readFailed(journal.file, error)
    } finally {
      this.#files.closeSync(journal.fd)
    }
  }

  /** `undefined`: it is there no longer. */
  #open({ pid, place }: NamedJournal): Located | undefined {
    const file = this.#fileOf(pid, place)
    try {
      const fd = ifThere(() => this.#files.openSync(file, fs.constants.O_RDONLY))
      return fd === undefined ? undefined : { fd, pid, file, place }
    } catch (error) {
      throw readFailed(file, error)
    }
  }

  #fileOf(pid: string, place: Place): string {
    if (place.kind === 'pending') return this.#folders.pendingFile(pid)
    return place.kind === 'active' ? this.#folders.activeFile(place.owner, pid) : this.#folders.endedFile(pid, place.status)
  }

  async #readAndClose(journal: Located): Promise<StoredProcess | undefined> {
    const { fd, file, place } = journal
    const read = (): ProcessRecord | undefined => newestRecord(new FileBytes(this.#files, fd), journal)
    let record: ProcessRecord | undefined
    try {
      // Nobody writes an ended journal: it is never nonsense for a moment only.
      record = place.kind === 'ended' ? final(file, read) : await settled(file, read)
    } finally {
      this.#files.closeSync(fd)
    }
    const host = record && (await this.ownerOf(place, record))
    return record && (host === undefined ? { record } : { record, host })
  }
}
