import { Low } from 'lowdb'
import { StepwrightError } from '../../errors.ts'
import { ifThere, makeFolder, randomWord, removeFile } from '../files.ts'
import type { Files } from '../files.ts'
import { hostClosed, notOwned, quote, writeFailed } from '../failures.ts'
import type { Command, Refusal } from '../command.ts'
import { journalOf } from '../imported.ts'
import { Journal } from '../journal.ts'
import { toFirstLine } from '../line.ts'
import { hourOf, isPid } from '../pid.ts'
import { isFinal } from '../record.ts'
import type { JournalLine, LogEntry, ProcessRecord } from '../record.ts'
import { checkRevision } from '../revision.ts'
import type { AdoptedProcess, HostStore, StoredChart } from '../store.ts'
import { adopt } from './adopt.ts'
import { lightBeacon } from '../hosts/beacon.ts'
import type { Beacon } from '../hosts/beacon.ts'
import { COMPACT_AT } from '../worth-keeping.ts'
import { compact } from './compaction.ts'
import { writeDefinition } from './definitions.ts'
import { expire } from './expire.ts'
import { namesIn } from './folders.ts'
import type { Folders } from './folders.ts'
import { writeHostCard } from './hosts.ts'
import type { Hosts } from './hosts.ts'
import { Inbox } from './inbox.ts'
import { importProcess } from './import.ts'
import { Keys } from './keys.ts'
import { asStoreFailure, prepareStore } from './layout.ts'
import { appendLog } from './logs.ts'
import { EndedMoves } from './moves.ts'
import { OpenJournals } from './open-journals.ts'
import type { Durability } from './power.ts'
import { replaceFirst, take } from './submissions.ts'

/** What a host knows of a process it owns. Each journal is a lowdb database. */
interface Owned {
  readonly low: Low<JournalLine>
  readonly journal: Journal<JournalLine>
  readonly key: string | undefined
  /** Of the newest line on disk. */
  revision: number
  /** Bytes past which the journal is compacted. */
  compactAt: number
  /** It is where ended ones are. */
  moved: boolean
}

/** Registers a host: its socket first, so that nobody ever sees a host that seems dead before it began. */
export async function openLowdbHost(files: Files, folders: Folders, hosts: Hosts, durability: Durability): Promise<HostStore> {
  const hostId = `h${randomWord()}`
  prepareStore(files, folders)
  try {
    const wake: Waking = { listener: () => {} }
    const beacon = await lightBeacon(folders.hosts, hostId, () => wake.listener())
    try {
      writeHostCard(files, folders, hostId)
      makeFolder(files, folders.activeFolder(hostId))
      return new LowdbHost(hostId, files, folders, hosts, beacon, durability, wake)
    } catch (error) {
      await beacon.close()
      throw error
    }
  } catch (error) {
    throw asStoreFailure(folders.root, error)
  }
}

/** Who is told when somebody asks the host to look. */
interface Waking {
  listener: () => void
}

class LowdbHost implements HostStore {
  readonly hostId: string
  readonly #files: Files
  readonly #folders: Folders
  readonly #hosts: Hosts
  readonly #beacon: Beacon
  readonly #waking: Waking
  readonly #inbox: Inbox
  readonly #durability: Durability
  readonly #keys: Keys
  readonly #moves: EndedMoves
  /** Where the journals are that this host owns. */
  readonly #folder: string
  readonly #owned = new Map<string, Owned>()
  readonly #open = new OpenJournals()
  readonly #refused = new WeakMap<(record: ProcessRecord) => boolean, Set<string>>()
  #closed = false

  constructor(hostId: string, files: Files, folders: Folders, hosts: Hosts, beacon: Beacon, durability: Durability, waking: Waking) {
    this.#durability = durability
    this.hostId = hostId
    this.#files = files
    this.#folders = folders
    this.#hosts = hosts
    this.#beacon = beacon
    this.#waking = waking
    this.#inbox = new Inbox(files, folders)
    this.#keys = new Keys(files, folders)
    this.#moves = new EndedMoves(files, folders)
    this.#folder = folders.activeFolder(hostId)
  }

  async create(record: ProcessRecord): Promise<{ readonly pid: string; readonly created: boolean }> {
    this.#checkOpen()
    const { pid, key } = record
    if (!isPid(pid)) throw new TypeError(`A pid is 20 characters of 0-9 and a-z, got ${quote(pid)}: make it with createPid()`)
    if (this.#owned.has(pid)) throw new TypeError(`Process ${pid} is there already: a new one needs a new pid`)
    const holder = key === undefined ? undefined : this.#guard(this.#folders.keyFile(key), () => this.#keys.holderOf(key))
    if (holder !== undefined) return { pid: holder, created: false }
    const owned = this.#own(record, 'new')
    try {
      owned.low.data = toFirstLine(record)
      await owned.low.write()
      this.#open.touch(owned.journal)
      await this.#durability.line(owned.journal)
      const winner = key === undefined ? pid : this.#guard(this.#folders.keyFile(key), () => this.#keys.claim(key, pid, owned.journal.file))
      if (winner !== pid) this.#abandon(pid, owned)
      else await this.#durability.folders(this.#folder, ...(key === undefined ? [] : [this.#folders.keys]))
      if (winner === pid && isFinal(record.status)) await this.#end(record)
      return { pid: winner, created: winner === pid }
    } catch (error) {
      this.#abandon(pid, owned)
      throw error
    }
  }

  async import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<{ readonly pid: string; readonly created: boolean }> {
    this.#checkOpen()
    const journal = journalOf(history)
    const importer = {
      files: this.#files,
      folders: this.#folders,
      keys: this.#keys,
      moves: this.#moves,
      durability: this.#durability,
      folder: this.#folder,
    }
    try {
      return await importProcess(importer, journal, log)
    } catch (error) {
      throw error instanceof StepwrightError ? error : writeFailed(this.#folders.root, error)
    }
  }

  async write(line: JournalLine): Promise<void> {
    this.#checkOpen()
    const owned = this.#ownedBy(line.pid)
    checkRevision(line, owned.revision)
    if (line.revision > owned.revision) {
      owned.low.data = line
      await owned.low.write()
      await this.#durability.line(owned.journal)
      owned.revision = line.revision
      this.#open.touch(owned.journal)
      if (owned.journal.length > owned.compactAt) this.#compact(line.pid, owned)
    }
    if (isFinal(line.status)) await this.#end(line)
  }

  async log(pid: string, entry: LogEntry): Promise<void> {
    this.#ownedBy(pid)
    this.#guard(this.#folders.logFile(pid), () => appendLog(this.#files, this.#folders, pid, entry))
  }

  async define(chart: StoredChart): Promise<void> {
    this.#guard(this.#folders.definitions, () => writeDefinition(this.#files, this.#folders, chart))
  }

  async *adopt(accept: (record: ProcessRecord) => boolean): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    const { hostId } = this
    const adopter = {
      hostId,
      files: this.#files,
      folders: this.#folders,
      hosts: this.#hosts,
      keys: this.#keys,
      moves: this.#moves,
      refused: this.#refusedBy(accept),
    }
    for await (const adopted of adopt(adopter, accept)) {
      // The half of a line that its last host may have left is cut off before the first write.
      this.#own(adopted.record, 'existing')
      yield adopted
    }
  }

  onWake(listener: () => void): void {
    this.#waking.listener = listener
  }

  async *take(accept: (record: ProcessRecord) => boolean): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for await (const record of take(this.#files, this.#folders, this.#folder, accept)) {
      this.#own(record, 'existing')
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    const { journal } = this.#ownedBy(record.pid)
    this.#open.close(journal)
    replaceFirst(this.#files, this.#keys, this.#folder, record)
    this.#own(record, 'existing')
  }

  async commands(onGarbage: (error: Error) => void): Promise<Command[]> {
    this.#checkOpen()
    return this.#inbox.waiting(pid => this.#owned.has(pid), onGarbage)
  }

  async answer(pid: string, commandId: string, refusal?: Refusal): Promise<void> {
    this.#inbox.answer(pid, commandId, refusal)
  }

  async release(pid: string): Promise<void> {
    this.#checkOpen()
    const { journal } = this.#ownedBy(pid)
    this.#guard(journal.file, () => {
      this.#open.close(journal)
      this.#files.renameSync(journal.file, `${this.#folders.released}/${pid}.jsonl`)
    })
    this.#owned.delete(pid)
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    await this.#inbox.sweep()
    return expire(this.#files, this.#folders, this.#keys, createdBefore, endedBefore)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#open.closeAll()
    const owns = this.#owned.size > 0
    this.#owned.clear()
    try {
      // With the socket gone, others see the host dead, and what it owns may be adopted.
      if (owns || namesIn(this.#files, this.#folder).length > 0) return
      ifThere(() => this.#files.rmdirSync(this.#folder))
      removeFile(this.#files, this.#folders.hostFile(this.hostId))
    } catch (error) {
      throw writeFailed(this.#folder, error)
    } finally {
      await this.#beacon.close()
    }
  }

  #own({ pid, key, revision }: ProcessRecord, expect: 'new' | 'existing'): Owned {
    const journal = new Journal<JournalLine>(`${this.#folder}/${pid}.jsonl`, { files: this.#files, expect })
    const owned = { low: new Low(journal, {} as JournalLine), journal, key, revision, compactAt: COMPACT_AT, moved: false }
    this.#owned.set(pid, owned)
    return owned
  }

  #ownedBy(pid: string): Owned {
    const owned = this.#owned.get(pid)
    if (owned === undefined) throw notOwned(pid, this.hostId)
    return owned
  }

  /** Drops a process that never began. What cannot be removed is no process to readers, or loses its key when it is adopted. */
  #abandon(pid: string, { journal }: Owned): void {
    this.#owned.delete(pid)
    this.#open.close(journal)
    try {
      removeFile(this.#files, journal.file)
    } catch {
      // As above.
    }
  }

  async #end({ pid, status }: JournalLine): Promise<void> {
    if (!isFinal(status)) return
    const owned = this.#ownedBy(pid)
    const { journal } = owned
    if (!owned.moved)
      this.#guard(journal.file, () => {
        this.#open.close(journal)
        this.#moves.move(this.#folder, pid, status)
        owned.moved = true
      })
    await this.#durability.folders(this.#folder, this.#folders.hourFolder(hourOf(pid)))
    this.#owned.delete(pid)
  }

  #refusedBy(accept: (record: ProcessRecord) => boolean): Set<string> {
    const refused = this.#refused.get(accept) ?? new Set()
    this.#refused.set(accept, refused)
    return refused
  }

  /** A journal that cannot be compacted just stays long: every line of it is safe. */
  #compact(pid: string, owned: Owned): void {
    this.#open.close(owned.journal)
    let length = owned.journal.length
    try {
      length = compact(this.#files, this.#keys, this.#folder, pid, owned.key)
    } catch {
      // Tried again when it has doubled.
    }
    owned.compactAt = Math.max(COMPACT_AT, 2 * length)
  }

  #guard<T>(file: string, call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw error instanceof StepwrightError ? error : writeFailed(file, error)
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw hostClosed(this.hostId)
  }
}
