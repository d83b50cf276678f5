import type { Documents } from '../documents.ts'
import { notAPid, notEnded, unknownProcess } from '../failures.ts'
import { isHostId } from '../hosts/host-id.ts'
import { wakeHost } from '../hosts/wake-host.ts'
import { MAX_RECORD_BYTES } from '../limits.ts'
import type { LimitRecord, Room } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import { isPidPrefix } from '../query.ts'
import { isFinal, noCounts } from '../../record/record.ts'
import type { NameCount, ProcessRecord, ProcessStatus, StatusCounts, Trails } from '../../record/record.ts'
import { changes } from './change-feed.ts'
import { hostIds, socketFolder } from './hosts.ts'
import { deleteProcess, holderOf } from './journal.ts'
import { findPids } from './list.ts'
import { openDatabase, prepareDatabase } from './open.ts'
import type { Durability } from './open.ts'
import { Reader } from './reader.ts'
import { readEvery } from './records.ts'
import { adoptHost } from './adopt-host.ts'
import { roomIn } from './places.ts'
import { submit } from './submissions.ts'
import { readTrail } from './trails.ts'
import type { Host, StoredProcess } from '../../record/host.ts'
import type { CorruptJournal, Created, Damage, HostStore, ListQuery, Store, TrailOptions } from '../store.ts'

/** The store once it is used: what it needs is loaded then. */
export class OpenedStore implements Store {
  readonly location: string
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly documents: Documents = {
    list: async (...args) => (await this.#open()).documents.list(...args),
    get: async (...args) => (await this.#open()).documents.get(...args),
    put: async (...args) => (await this.#open()).documents.put(...args),
    delete: async (...args) => (await this.#open()).documents.delete(...args),
  }
  readonly #durability: Durability
  readonly #closing = new AbortController()
  /** The connection for reading. It is opened on first use, and again after a failure. */
  #reader: Promise<Reader> | undefined

  constructor(file: string, durability: Durability) {
    this.location = file
    this.#durability = durability
  }

  async openHost(): Promise<HostStore> {
    // Loaded on demand: it is half of the code of this store, and readers do not need it.
    const { openSqliteHost } = await import('./host.ts')
    return openSqliteHost(this.location, this.#durability, () => this.#notify())
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    return (await this.#open()).get(pid)
  }

  async *list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    yield* (await this.#open()).list(query, onCorrupt)
  }

  async counts(): Promise<StatusCounts> {
    const { db } = await this.#open()
    const sql = 'SELECT status, count(*) AS n FROM processes GROUP BY status'
    const rows = await db.read(() => db.all<{ status: ProcessStatus; n: number }>(sql))
    return { ...noCounts(), ...Object.fromEntries(rows.map(({ status, n }) => [status, n])) }
  }

  async countsByName(): Promise<NameCount[]> {
    const { db } = await this.#open()
    const sql = 'SELECT name, status, count(*) AS count, min(pid) AS oldest FROM processes GROUP BY name, status'
    const rows = await db.read(() => db.all<NameCount>(sql))
    return rows.map(row => ({ ...row }))
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    const { db } = await this.#open()
    return isPid(pid) ? readEvery(db, pid) : undefined
  }

  async *follow(pid: string, signal?: AbortSignal): AsyncGenerator<StoredProcess> {
    yield* (await this.#open()).follow(pid, this.#untilClosed(signal))
  }

  async *trail<T extends keyof Trails>(
    trail: T,
    pid: string,
    { follow = false, signal }: TrailOptions = {},
  ): AsyncGenerator<Trails[T]> {
    const { db, watcher } = await this.#open()
    if (!isPid(pid)) throw unknownProcess(pid, this.location)
    yield* readTrail(db, watcher, trail, pid, follow, this.#untilClosed(signal))
  }

  async *changes(signal?: AbortSignal): AsyncGenerator<string[]> {
    yield* changes(await this.#open(), this.#untilClosed(signal))
  }

  async holderOf(key: string): Promise<string | undefined> {
    const { db } = await this.#open()
    return db.read(() => holderOf(db, key))
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    const { db } = await this.#open()
    return isPidPrefix(prefix) ? db.read(() => findPids(db, prefix, limit)) : []
  }

  async delete(pid: string): Promise<void> {
    const { db, commits } = await this.#open()
    if (!isPid(pid)) throw unknownProcess(pid, this.location)
    await commits.add(() => {
      const found = db.get<{ status: ProcessStatus }>('SELECT status FROM processes WHERE pid = ?', pid)
      if (found === undefined) throw unknownProcess(pid, this.location)
      if (!isFinal(found.status)) throw notEnded(pid)
      deleteProcess(db, pid)
    })
  }

  async hosts(): Promise<Host[]> {
    const { db, hosts } = await this.#open()
    return hosts.all(await db.read(() => hostIds(db)))
  }

  async rooms(limits: readonly LimitRecord[], now: number): Promise<Room[]> {
    const { db } = await this.#open()
    return db.read(() => limits.map(limit => roomIn(db, limit, now)))
  }

  async submit(record: ProcessRecord): Promise<Created> {
    return (await this.submitMany([record]))[0]!
  }

  async submitMany(records: readonly ProcessRecord[]): Promise<Created[]> {
    for (const { pid } of records) if (!isPid(pid)) throw notAPid(pid)
    // There may be no store yet: a client may submit before the first worker is there.
    await prepareDatabase(this.location, this.#durability).then(db => db.close())
    const { db, commits } = await this.#open()
    const submitted = await commits.add(() => records.map(record => submit(db, record)))
    if (submitted.some(({ created }) => created)) {
      const ids = await db.read(() => hostIds(db))
      // Any host may be a worker.
      await Promise.all(ids.map(id => this.wake(id)))
    }
    return submitted
  }

  async wake(hostId: string): Promise<void> {
    if (isHostId(hostId)) await wakeHost(socketFolder(this.location), hostId)
  }

  async adopt(hostId: string, force: boolean): Promise<number> {
    return adoptHost(await this.#open(), hostId, force)
  }

  async *damages(): AsyncGenerator<Damage> {
    const { sqliteDamages } = await import('./damages.ts')
    yield* sqliteDamages(this, await this.#open())
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const reader = this.#reader
    this.#reader = undefined
    await reader?.then(
      ({ db }) => db.close(),
      () => {},
    )
  }

  #open(): Promise<Reader> {
    if (this.#reader !== undefined) return this.#reader
    const opening = openDatabase(this.location, this.#durability).then(db => new Reader(db))
    opening.catch(() => {
      if (this.#reader === opening) this.#reader = undefined
    })
    return (this.#reader = opening)
  }

  /** Wakes readers of this store at once, because a host of it has committed. */
  #notify(): void {
    this.#reader?.then(
      ({ watcher }) => watcher.notify(),
      () => {},
    )
  }

  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
  }
}
