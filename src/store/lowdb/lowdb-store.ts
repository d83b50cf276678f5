import fs from 'node:fs'
import type { LimitRecord, Room } from '../../record/limit.ts'
import type { Files } from '../../journal/files.ts'
import type { Host, StoredProcess } from '../../record/host.ts'
import type { NameCount, ProcessRecord, StatusCounts, Trails } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import type { Documents } from '../documents.ts'
import { isHostId } from '../hosts/host-id.ts'
import { wakeHost } from '../hosts/wake-host.ts'
import { SubmitError } from '../../errors.ts'
import { isPid } from '../../record/pid.ts'
import { notAPid } from '../failures.ts'
import { createLoopYield } from '../loop-yield.ts'
import { MAX_RECORD_BYTES } from '../limits.ts'
import { isPidPrefix } from '../query.ts'
import type { CorruptJournal, Created, Damage, HostStore, ListQuery, Store, TrailOptions } from '../store.ts'
import { adoptHost } from './adopt-host.ts'
import { changes } from './change-feed.ts'
import { deleteProcess } from './delete-process.ts'
import { Directory } from './directory.ts'
import { follow } from './follow.ts'
import { checkStore } from './layout.ts'
import { hostIdsIn, Paths } from './paths.ts'
import { powerDurability, processDurability } from './power.ts'
import { Reader } from './reader.ts'
import { prepareToSubmit, submit } from './submissions.ts'
import { readTrail } from './trails.ts'

/** Options of `lowdbStore`. */
export interface LowdbStoreOptions {
  /**
   * What a written record survives: 'process' (the default) the death of the Node process, 'power'
   * also a power failure. With 'power', every transition waits for the disk.
   */
  readonly durability?: 'process' | 'power'
  /**
   * For tests that let the file system fail.
   * @internal
   */
  readonly files?: Files
}

/**
 * A store in a directory that is private to the user: one journal of JSON lines per process, each a
 * lowdb database. It does nothing until it is used. The directory is created when the first host
 * opens, or a client submits a process.
 *
 * @param dir relative to the current working directory. Default '.stepwright'
 * @throws TypeError if `dir` is not a path
 * @example
 * const runtime = await createRuntime({ processes: [importDump], store: lowdbStore('/var/lib/app/stepwright') })
 */
export function lowdbStore(dir = '.stepwright', options: LowdbStoreOptions = {}): Store {
  const { durability = 'process', files = fs } = options
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0'))
    throw new TypeError(`A store's directory is a path, got ${show(dir)}`)
  if (durability !== 'process' && durability !== 'power')
    throw new TypeError(`lowdbStore(dir, { durability }): expected 'process' or 'power', got ${show(durability)}`)
  return new LowdbStore(
    new Directory(files, new Paths(dir), durability === 'power' ? powerDurability(files) : processDurability),
  )
}

class LowdbStore implements Store {
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly documents: Documents
  readonly #directory: Directory
  readonly #reader: Reader
  readonly #closing = new AbortController()
  #checked = false

  constructor(directory: Directory) {
    this.#directory = directory
    this.#reader = new Reader(directory)
    this.documents = this.#checkedDocuments()
  }

  get location(): string {
    return this.#directory.paths.root
  }

  async openHost(): Promise<HostStore> {
    // Loaded on demand: it is half of the code of this store, and readers do not need it.
    const { openLowdbHost } = await import('./host.ts')
    return openLowdbHost(this.#directory)
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    this.#check()
    return this.#reader.get(pid)
  }

  async *list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    this.#check()
    yield* this.#reader.list(query, onCorrupt)
  }

  async counts(): Promise<StatusCounts> {
    this.#check()
    return this.#reader.counts()
  }

  async countsByName(): Promise<NameCount[]> {
    this.#check()
    return this.#reader.countsByName()
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    this.#check()
    return this.#reader.history(pid)
  }

  async *follow(pid: string, signal?: AbortSignal): AsyncGenerator<StoredProcess> {
    this.#check()
    yield* follow(this.#directory, this.#reader, pid, this.#untilClosed(signal))
  }

  async *trail<T extends keyof Trails>(
    trail: T,
    pid: string,
    { follow: goOn = false, signal }: TrailOptions = {},
  ): AsyncGenerator<Trails[T]> {
    this.#check()
    const ends = this.#untilClosed(signal)
    yield* readTrail(this.#directory, trail, pid, goOn ? this.follow(pid, ends) : undefined, ends)
  }

  async *changes(signal?: AbortSignal): AsyncGenerator<string[]> {
    this.#check()
    yield* changes(this.#directory, this.#untilClosed(signal))
  }

  async holderOf(key: string): Promise<string | undefined> {
    this.#check()
    return this.#reader.holderOf(key)
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    this.#check()
    return isPidPrefix(prefix) ? this.#reader.find(prefix, limit) : []
  }

  async delete(pid: string): Promise<void> {
    this.#check()
    return deleteProcess(this.#directory, this.#reader, pid)
  }

  async hosts(): Promise<Host[]> {
    this.#check()
    return this.#directory.hosts.all(this.#hostIds())
  }

  async adopt(hostId: string, force: boolean): Promise<number> {
    this.#check()
    return adoptHost(this.#directory, hostId, force)
  }

  async rooms(limits: readonly LimitRecord[], now: number): Promise<Room[]> {
    return limits.map(limit => this.#directory.places.room(limit, now))
  }

  async submit(record: ProcessRecord): Promise<Created> {
    await prepareToSubmit(this.#directory)
    const submitted = await submit(this.#directory, record)
    if (submitted.created) await this.#wakeAll()
    return submitted
  }

  async submitMany(records: readonly ProcessRecord[]): Promise<Created[]> {
    for (const { pid } of records) if (!isPid(pid)) throw notAPid(pid)
    if (records.length > 0) await prepareToSubmit(this.#directory)
    const yieldLoop = createLoopYield()
    const submitted: Created[] = []
    try {
      for (const record of records) {
        await yieldLoop()
        submitted.push(await submit(this.#directory, record))
      }
    } catch (error) {
      if (submitted.length === 0) throw error
      const pids = records.map((_, index) => submitted[index]?.pid)
      throw new SubmitError(
        `${submitted.length} of ${records.length} processes are in the store ${this.location}, the others are not: ${(error as Error).message}`,
        pids,
        { cause: error },
      )
    } finally {
      if (submitted.some(({ created }) => created)) await this.#wakeAll()
    }
    return submitted
  }

  /** Any host may be a worker. */
  async #wakeAll(): Promise<void> {
    await Promise.all(this.#hostIds().map(id => this.wake(id)))
  }

  async wake(hostId: string): Promise<void> {
    if (isHostId(hostId)) await wakeHost(this.#directory.paths.hosts, hostId)
  }

  async *damages(): AsyncGenerator<Damage> {
    this.#check()
    const { lowdbDamages } = await import('./damages.ts')
    yield* lowdbDamages(this, this.#directory)
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  #hostIds(): string[] {
    return hostIdsIn(this.#directory.files, this.#directory.paths)
  }

  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
  }

  /** The documents of the directory. Each call checks first that there is a store. */
  #checkedDocuments(): Documents {
    const { documents } = this.#directory
    return {
      list: async (...args) => (this.#check(), documents.list(...args)),
      get: async (...args) => (this.#check(), documents.get(...args)),
      put: async (...args) => (this.#check(), documents.put(...args)),
      delete: async (...args) => (this.#check(), documents.delete(...args)),
    }
  }

  #check(): void {
    if (this.#checked) return
    checkStore(this.#directory)
    this.#checked = true
  }
}
