import { hostClosed, notAPid, notOwned } from '../failures.ts'
import { putCard } from '../hosts/card.ts'
import { createHostId } from '../hosts/host-id.ts'
import { openHostSocket } from '../hosts/host-socket.ts'
import type { HostSocket } from '../hosts/host-socket.ts'
import { journalOf } from '../journal-of-history.ts'
import { toFirstLine } from '../../journal/line.ts'
import { isPid } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { JournalLine, LogEntry, ProcessRecord } from '../../record/record.ts'
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
import { appendLine, compact, holderOf, insertLine, insertProcess, isThere } from './journal.ts'
import { appendLog } from './logs.ts'
import { prepareDatabase } from './open.ts'
import type { Durability } from './open.ts'

/**
 * Registers a host. Its socket comes first, so that nobody ever sees a host that seems dead before
 * it began.
 *
 * @param committed called after each commit of this host
 */
export async function openSqliteHost(file: string, durability: Durability, committed: () => void): Promise<HostStore> {
  const hostId = createHostId()
  const db = await prepareDatabase(file, durability)
  let socket: HostSocket | undefined
  try {
    const waking: Waking = { listener: () => {} }
    socket = await openHostSocket(makeSocketFolder(file), hostId, () => waking.listener())
    const connection = new Connection(db, committed)
    await putCard(connection.documents, hostId)
    return new SqliteHost(hostId, connection, socket, waking)
  } catch (error) {
    await socket?.close()
    db.close()
    throw storeFailure(file, error, 'write')
  }
}

/** Holds the callback for wake-ups of the host. */
interface Waking {
  listener: () => void
}

/**
 * Keeps no list of the processes it owns: the transaction that writes asks the database who owns
 * the process.
 */
class SqliteHost implements HostStore {
  readonly hostId: string
  readonly #connection: Connection
  readonly #db: Database
  readonly #commits: Commits
  readonly #socket: HostSocket
  readonly #waking: Waking
  /** The length at which a journal that stays long is compacted again, by pid. */
  readonly #compactAt = new Map<string, number>()
  #closed: Promise<void> | undefined

  constructor(hostId: string, connection: Connection, socket: HostSocket, waking: Waking) {
    this.hostId = hostId
    this.#connection = connection
    this.#db = connection.db
    this.#commits = connection.commits
    this.#socket = socket
    this.#waking = waking
  }

  async create(record: ProcessRecord): Promise<Created> {
    this.#checkOpen()
    const { pid, key } = record
    if (!isPid(pid)) throw notAPid(pid)
    const text = JSON.stringify(toFirstLine(record))
    return this.#commits.add(() => {
      const holder = key === undefined ? undefined : holderOf(this.#db, key)
      if (holder !== undefined) return { pid: holder, created: false }
      if (isThere(this.#db, pid)) throw new TypeError(`Process ${pid} is there already: a new one needs a new pid`)
      insertLine(this.#db, insertProcess(this.#db, record, this.hostId, text.length), record.revision, text)
      return { pid, created: true }
    })
  }

  async import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<Created> {
    this.#checkOpen()
    const journal = journalOf(history)
    return this.#commits.add(() => importProcess(this.#db, this.hostId, journal, log))
  }

  async write(line: JournalLine): Promise<void> {
    this.#checkOpen()
    const { pid } = line
    const text = JSON.stringify(line)
    await this.#commits.add(() => {
      const length = appendLine(this.#db, this.hostId, line, text)
      if (length > (this.#compactAt.get(pid) ?? COMPACT_AT)) this.#compactAt.set(pid, compact(this.#db, pid))
    })
    if (isFinal(line.status)) this.#compactAt.delete(pid)
  }

  async log(pid: string, entry: LogEntry): Promise<void> {
    this.#checkOpen()
    const text = JSON.stringify(entry)
    return this.#commits.add(() => appendLog(this.#db, this.hostId, pid, text))
  }

  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean = () => false,
  ): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    yield* adopt(this.#connection, this.hostId, accept, skip)
  }

  onWake(listener: () => void): void {
    this.#waking.listener = listener
  }

  async *take(accept: (record: ProcessRecord) => boolean, skip = (_pid: string): boolean => false): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for (let after = ''; ;) {
      // Usually there is nothing, which needs no transaction to find out.
      if (!(await this.#db.read(() => this.#db.get('SELECT 1 FROM processes WHERE owner = ? AND pid > ?', SUBMITTED, after)))) return
      const record = await this.#commits.add(() => takeNext(this.#db, this.hostId, after, accept, skip))
      if (record === undefined) return
      yield record
      after = record.pid
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    await this.#commits.add(() => complete(this.#db, this.hostId, record))
  }

  async release(pid: string): Promise<void> {
    this.#checkOpen()
    await this.#commits.add(() => {
      if (this.#db.run('UPDATE processes SET owner = ? WHERE pid = ? AND owner = ?', RELEASED, pid, this.hostId) === 0) {
        throw notOwned(pid, this.hostId)
      }
    })
    this.#compactAt.delete(pid)
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
    try {
      // Once the socket is gone, others see the host dead, and what it owns may be adopted.
      await this.#commits.add(() => deleteIfEmpty(this.#db, this.hostId))
    } finally {
      await this.#socket.close()
      this.#db.close()
    }
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw hostClosed(this.hostId)
  }
}
