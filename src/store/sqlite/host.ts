import fs from 'node:fs'
import { hostClosed, notAPid } from '../failures.ts'
import { createHostId } from '../hosts/host-id.ts'
import { HostPresence, setPresence } from '../hosts/host-presence.ts'
import { journalOf } from '../journal-of-history.ts'
import { toFirstLine } from '../../journal/line.ts'
import type { LimitRecord } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord, TrailEntries, Trails } from '../../record/record.ts'
import { ShortLivedMap } from '../short-lived-map.ts'
import type { AdoptedProcess, Created, HostStore } from '../store.ts'
import { COMPACT_AT } from '../../journal/worth-keeping.ts'
import { adopt } from './adopt.ts'
import type { Commits } from './commits.ts'
import { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { expire } from './expire.ts'
import { storeFailure } from './failures.ts'
import { RELEASED, SUBMITTED, deleteIfEmpty, makeSocketFolder } from './hosts.ts'
import { complete, takeNext } from './submissions.ts'
import { importProcess } from './import.ts'
import { appendLine, compact, freePlaces, holderOf, insertLine, insertProcess, isThere, notOurs } from './journal.ts'
import { prepareDatabase } from './open.ts'
import { claim, vacate } from './places.ts'
import type { Durability } from './open.ts'
import { appendTrail } from './trails.ts'

/**
 * Registers a host.
 *
 * @param committed called after each commit of this host
 */
export async function openSqliteHost(file: string, durability: Durability, committed: () => void): Promise<HostStore> {
  const hostId = createHostId()
  const db = await prepareDatabase(file, durability)
  try {
    const hosts = makeSocketFolder(file)
    const connection = new Connection(db, committed)
    const presence = new HostPresence({
      hosts,
      hostId,
      documents: connection.documents,
      prepare: () => fs.existsSync(file) && makeSocketFolder(file) === hosts,
      onSuspicion: () => host.findLost(),
    })
    const host = new SqliteHost(hostId, connection, presence)
    await presence.open()
    return setPresence(host, presence)
  } catch (error) {
    db.close()
    throw storeFailure(file, error, 'write')
  }
}

/** The transaction that writes asks the database who owns the process. */
class SqliteHost implements HostStore {
  readonly hostId: string
  readonly #connection: Connection
  readonly #db: Database
  readonly #commits: Commits
  readonly #presence: HostPresence
  /** What this host was given, by pid, and in which epoch: only to find what was taken from it. */
  readonly #held = new ShortLivedMap<string, number>()
  #onLost: (pids: readonly string[]) => void = () => {}
  /** The length at which a journal that stays long is compacted again, by pid. */
  readonly #compactAt = new Map<string, number>()
  #closed: Promise<void> | undefined

  constructor(hostId: string, connection: Connection, presence: HostPresence) {
    this.hostId = hostId
    this.#connection = connection
    this.#db = connection.db
    this.#commits = connection.commits
    this.#presence = presence
  }

  async create(record: ProcessRecord): Promise<Created> {
    this.#checkOpen()
    const { pid, key } = record
    if (!isPid(pid)) throw notAPid(pid)
    const text = JSON.stringify(toFirstLine(record))
    const created = await this.#commits.add(() => {
      const holder = key === undefined ? undefined : holderOf(this.#db, key)
      if (holder !== undefined) return { pid: holder, created: false }
      if (isThere(this.#db, pid)) throw new TypeError(`Process ${pid} is there already: a new one needs a new pid`)
      insertLine(this.#db, insertProcess(this.#db, record, this.hostId, text.length), record.revision, text)
      return { pid, created: true }
    })
    if (created.created && !isFinal(record.status)) this.#held.set(pid, 0)
    return created
  }

  async import(history: readonly ProcessRecord[], trails: TrailEntries): Promise<Created> {
    this.#checkOpen()
    const journal = journalOf(history)
    return this.#commits.add(() => importProcess(this.#db, this.hostId, journal, trails))
  }

  async write(line: JournalLine): Promise<void> {
    this.#checkOpen()
    const { pid } = line
    const text = JSON.stringify(line)
    await this.#commits.add(() => {
      const length = appendLine(this.#db, this.hostId, line, text)
      if (length > (this.#compactAt.get(pid) ?? COMPACT_AT)) this.#compactAt.set(pid, compact(this.#db, pid))
    })
    if (isFinal(line.status)) this.#forget(pid)
  }

  async append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): Promise<void> {
    this.#checkOpen()
    const texts = entries.map(entry => JSON.stringify(entry))
    return this.#commits.add(() => appendTrail(this.#db, this.hostId, trail, pid, texts))
  }

  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean = () => false,
    holds?: (pid: string) => boolean,
  ): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    for await (const adopted of adopt(this.#connection, this.hostId, accept, skip, holds)) {
      this.#held.set(adopted.record.pid, epochOf(adopted.record))
      yield adopted
    }
  }

  onLost(listener: (pids: readonly string[]) => void): void {
    this.#onLost = listener
  }

  /** Looks for what was taken from this host while others did not see it. */
  async findLost(): Promise<void> {
    if (this.#held.size === 0) return
    const before = [...this.#held.keys()]
    const rows = await this.#db.read(() =>
      this.#db.all<{ pid: string; epoch: number }>('SELECT pid, epoch FROM processes WHERE owner = ?', this.hostId),
    )
    const owned = new Map(rows.map(({ pid, epoch }) => [pid, epoch]))
    const lost = before.filter(pid => this.#held.has(pid) && owned.get(pid) !== this.#held.get(pid))
    for (const pid of lost) this.#forget(pid)
    if (lost.length > 0 && this.#closed === undefined) this.#onLost(lost)
  }

  onWake(listener: () => void): void {
    this.#presence.onWake = listener
  }

  async *take(
    accept: (record: ProcessRecord) => boolean,
    skip = (_pid: string): boolean => false,
  ): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for (let after = ''; ;) {
      // Usually there is nothing, which needs no transaction to find out.
      if (
        !(await this.#db.read(() =>
          this.#db.get('SELECT 1 FROM processes WHERE owner = ? AND pid > ?', SUBMITTED, after),
        ))
      )
        return
      const taken = await this.#commits.add(() => takeNext(this.#db, this.hostId, after, accept, skip))
      after = taken.after
      const { record } = taken
      if (record === undefined) continue
      this.#held.set(record.pid, epochOf(record))
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    await this.#commits.add(() => complete(this.#db, this.hostId, record))
  }

  async release(pid: string, epoch = 0): Promise<void> {
    this.#checkOpen()
    const sql = 'UPDATE processes SET owner = ? WHERE pid = ? AND owner = ? AND epoch = ?'
    await this.#commits.add(() => {
      if (this.#db.run(sql, RELEASED, pid, this.hostId, epoch) === 0) throw notOurs(this.#db, pid, this.hostId)
    })
    this.#forget(pid)
  }

  async requeue(pid: string, epoch = 0): Promise<void> {
    this.#checkOpen()
    const sql = 'UPDATE processes SET owner = ? WHERE pid = ? AND owner = ? AND epoch = ?'
    await this.#commits.add(() => {
      if (this.#db.run(sql, SUBMITTED, pid, this.hostId, epoch) === 0) throw notOurs(this.#db, pid, this.hostId)
      freePlaces(this.#db, pid)
    })
    this.#forget(pid)
  }

  async claim(pid: string, limits: readonly LimitRecord[], now: number, epoch = 0): Promise<boolean> {
    this.#checkOpen()
    return this.#commits.add(() => claim(this.#db, this.hostId, pid, epoch, limits, now))
  }

  async vacate(pid: string, limits: readonly LimitRecord[], epoch = 0): Promise<void> {
    this.#checkOpen()
    await this.#commits.add(() => vacate(this.#db, this.hostId, pid, epoch, limits))
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    return expire(this.#db, this.#commits, () => this.#closed === undefined, createdBefore, endedBefore)
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#presence.stop()
    try {
      // Once the socket is gone, others see the host dead, and what it owns may be adopted.
      await this.#commits.add(() => deleteIfEmpty(this.#db, this.hostId))
    } finally {
      await this.#presence.close()
      this.#db.close()
    }
  }

  #forget(pid: string): void {
    this.#compactAt.delete(pid)
    this.#held.delete(pid)
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw hostClosed(this.hostId)
  }
}
