import type { Host, StoredProcess } from '../../record/host.ts'
import type { LimitRecord, Room } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import { isFinal, noCounts } from '../../record/record.ts'
import type { NameCount, ProcessRecord, ProcessStatus, StatusCounts, Trails } from '../../record/record.ts'
import type { Documents } from '../documents.ts'
import { hostAlive, notAPid, notEnded, unknownHost, unknownProcess } from '../failures.ts'
import { isHostId } from '../hosts/host-id.ts'
import { MAX_RECORD_BYTES } from '../limits.ts'
import { isPidPrefix } from '../query.ts'
import type { CorruptJournal, Created, Damage, HostStore, ListQuery, Store, TrailOptions } from '../store.ts'
import { removeProcesses } from './expire.ts'
import { RELEASED, forgetHost, isHost } from './hosts.ts'
import { findPids } from './list.ts'
import { changeNotes, everythingNote, hostNote } from './notifications.ts'
import type { Place } from './place.ts'
import { Reader } from './reader.ts'
import { readEvery } from './records.ts'
import { prepareSchema } from './schema.ts'
import { roomsOf } from './places.ts'
import { submit, submitMany } from './submissions.ts'
import { readTrail } from './trails.ts'
import { keyHash } from './values.ts'

/** The store once it is used: what it needs is loaded then. */
export class OpenedStore implements Store {
  readonly location: string
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly #place: Place
  readonly #closing = new AbortController()
  #opened: Reader | undefined
  #prepared: Promise<void> | undefined

  constructor(place: Place) {
    this.#place = place
    this.location = place.location
  }

  get documents(): Documents {
    return this.#reader.documents
  }

  async openHost(): Promise<HostStore> {
    // Half of this store, and readers have no use for it.
    const { openPostgresHost } = await import('./host.ts')
    await this.#prepare()
    return openPostgresHost(this.#reader)
  }

  async time(): Promise<number> {
    await this.#prepare()
    const sql = 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now'
    const [row] = await this.#reader.connection.ask<{ now: number }>(sql)
    return Math.round(row!.now)
  }

  get(pid: string): Promise<StoredProcess | undefined> {
    return this.#reader.get(pid)
  }

  list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncIterable<StoredProcess> {
    return this.#reader.list(query, onCorrupt)
  }

  async counts(): Promise<StatusCounts> {
    const sql = 'SELECT status, count(*) AS n FROM processes GROUP BY status'
    const rows = await this.#reader.connection.ask<{ status: ProcessStatus; n: number }>(sql)
    return { ...noCounts(), ...Object.fromEntries(rows.map(({ status, n }) => [status, n])) }
  }

  async countsByName(): Promise<NameCount[]> {
    const sql = 'SELECT name, status, count(*) AS count, min(pid) AS oldest FROM processes GROUP BY name, status'
    return this.#reader.connection.ask<NameCount>(sql)
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    return isPid(pid) ? readEvery(this.#reader.connection.ask, this.#place, pid) : undefined
  }

  follow(pid: string, signal?: AbortSignal): AsyncIterable<StoredProcess> {
    return this.#reader.follow(pid, this.#untilClosed(signal))
  }

  async *trail<T extends keyof Trails>(
    trail: T,
    pid: string,
    { follow = false, signal }: TrailOptions = {},
  ): AsyncGenerator<Trails[T]> {
    if (!isPid(pid)) throw unknownProcess(pid, this.location)
    const { connection, notifications } = this.#reader
    yield* readTrail(connection, notifications, trail, pid, follow, this.#untilClosed(signal))
  }

  changes(signal?: AbortSignal): AsyncIterable<string[]> {
    return this.#reader.changes(this.#untilClosed(signal))
  }

  async holderOf(key: string): Promise<string | undefined> {
    const [row] = await this.#reader.connection.ask<{ pid: string }>('SELECT pid FROM processes WHERE key = $1', [
      keyHash(key),
    ])
    return row?.pid
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    return isPidPrefix(prefix) ? findPids(this.#reader.connection.ask, prefix, limit) : []
  }

  async delete(pid: string): Promise<void> {
    if (!isPid(pid)) throw unknownProcess(pid, this.location)
    const { connection } = this.#reader
    await connection.transaction(async (ask, notify) => {
      const [row] = await ask<{ status: ProcessStatus }>('SELECT status FROM processes WHERE pid = $1 FOR UPDATE', [
        pid,
      ])
      if (row === undefined) throw unknownProcess(pid, this.location)
      if (!isFinal(row.status)) throw notEnded(pid)
      await removeProcesses(ask, [pid])
      notify(...changeNotes(this.#place, [pid]))
    })
  }

  hosts(): Promise<Host[]> {
    return this.#reader.hosts.all()
  }

  rooms(limits: readonly LimitRecord[], now: number): Promise<Room[]> {
    return roomsOf(this.#reader.connection.ask, limits, now)
  }

  async submit(record: ProcessRecord): Promise<Created> {
    if (!isPid(record.pid)) throw notAPid(record.pid)
    // There may be no store yet: a client may submit before the first worker is there.
    await this.#prepare()
    return submit(this.#reader.connection, record)
  }

  async submitMany(records: readonly ProcessRecord[]): Promise<Created[]> {
    for (const { pid } of records) if (!isPid(pid)) throw notAPid(pid)
    if (records.length === 0) return []
    await this.#prepare()
    return submitMany(this.#reader.connection, records)
  }

  async wake(hostId: string): Promise<void> {
    const { connection } = this.#reader
    if (isHostId(hostId)) await connection.notify([hostNote(this.#place, hostId, 'wake')])
  }

  async adopt(hostId: string, force: boolean): Promise<number> {
    const { connection, hosts } = this.#reader
    const isOwner = (await connection.ask('SELECT 1 FROM processes WHERE owner = $1 LIMIT 1', [hostId])).length > 0
    const host = (await hosts.all()).find(({ id }) => id === hostId)
    if (host === undefined && !(isOwner && isHost(hostId))) throw unknownHost(hostId, this.location)
    if (!force && host?.state === 'alive') throw hostAlive(hostId, host.state)
    return connection.transaction(async (ask, notify) => {
      await forgetHost(ask, hostId)
      const taken = await ask('UPDATE processes SET owner = $1 WHERE owner = $2 RETURNING 1', [RELEASED, hostId])
      notify(hostNote(this.#place, hostId, 'lost'), everythingNote(this.#place))
      return taken.length
    })
  }

  async *damages(): AsyncGenerator<Damage> {
    const { postgresDamages } = await import('./damages.ts')
    yield* postgresDamages(this, this.#reader.connection)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const reader = this.#opened
    this.#opened = undefined
    await reader?.close()
  }

  /** Once: whoever drops the tables of a store that is in use gets errors. */
  #prepare(): Promise<void> {
    const preparing = (this.#prepared ??= prepareSchema(this.#place))
    preparing.catch(() => (this.#prepared = undefined))
    return preparing
  }

  get #reader(): Reader {
    return (this.#opened ??= new Reader(this.#place))
  }

  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
  }
}
