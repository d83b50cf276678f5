import { hostClosed, notAPid, notOwned } from '../failures.ts'
import { createHostId } from '../hosts/host-id.ts'
import { openHostSocket } from '../hosts/host-socket.ts'
import type { HostSocket } from '../hosts/host-socket.ts'
import type { Command, Refusal } from '../command.ts'
import { journalOf } from '../journal-of-history.ts'
import { toFirstLine } from '../../journal/line.ts'
import { isPid } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { JournalLine, LogEntry, ProcessRecord } from '../../record/record.ts'
import type { AdoptedProcess, HostStore, StoredChart, StoredSchedule } from '../store.ts'
import { COMPACT_AT } from '../../journal/worth-keeping.ts'
import { adopt } from './adopt.ts'
import { Commits } from './commits.ts'
import type { Database } from './database.ts'
import { expire } from './expire.ts'
import { storeFailure } from './failures.ts'
import { Hosts, RELEASED, SUBMITTED, makeSocketFolder, registerHost, removeHost } from './hosts.ts'
import { answer, commandsFor, complete, forget, sweepCommands, takeNext } from './inbox.ts'
import { importProcess } from './import.ts'
import { appendLine, compact, holderOf, insertLine, insertProcess, isThere } from './journal.ts'
import { appendLog } from './logs.ts'
import { prepareDatabase } from './open.ts'
import type { Durability } from './open.ts'

/**
 * Registers a host: its socket first, so that nobody ever sees a host that seems dead before it began.
 *
 * @param committed told after each commit of this host
 */
export async function openSqliteHost(file: string, durability: Durability, committed: () => void): Promise<HostStore> {
  const hostId = createHostId()
  const db = await prepareDatabase(file, durability)
  let socket: HostSocket | undefined
  try {
    const waking: Waking = { listener: () => {} }
    socket = await openHostSocket(makeSocketFolder(file), hostId, () => waking.listener())
    const commits = new Commits(db, committed)
    await commits.add(() => registerHost(db, hostId))
    return new SqliteHost(hostId, db, commits, socket, waking)
  } catch (error) {
    await socket?.close()
    db.close()
    throw storeFailure(file, error, 'write')
  }
}

/** Who is told when somebody asks the host to look. */
interface Waking {
  listener: () => void
}

/** Keeps nothing in memory of what it owns: the database says whose a process is, in the transaction that writes. */
class SqliteHost implements HostStore {
  readonly hostId: string
  readonly #db: Database
  readonly #commits: Commits
  readonly #socket: HostSocket
  readonly #waking: Waking
  readonly #hosts: Hosts
  /** At what length journals that stay long are compacted again, by pid. */
  readonly #compactAt = new Map<string, number>()
  readonly #refused = new WeakMap<(record: ProcessRecord) => boolean, Set<string>>()
  #closed: Promise<void> | undefined

  constructor(hostId: string, db: Database, commits: Commits, socket: HostSocket, waking: Waking) {
    this.#waking = waking
    this.hostId = hostId
    this.#db = db
    this.#commits = commits
    this.#socket = socket
    this.#hosts = new Hosts(db)
  }

  async create(record: ProcessRecord): Promise<{ readonly pid: string; readonly created: boolean }> {
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

  async import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<{ readonly pid: string; readonly created: boolean }> {
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

  async define({ name, version, shape, chart }: StoredChart): Promise<void> {
    this.#checkOpen()
    const text = JSON.stringify(chart)
    await this.#commits.add(() =>
      this.#db.run('INSERT OR IGNORE INTO charts (name, version, shape, chart) VALUES (?, ?, ?, ?)', name, version, shape, text),
    )
  }

  async schedule(schedule: StoredSchedule): Promise<void> {
    this.#checkOpen()
    const text = JSON.stringify(schedule)
    await this.#commits.add(() => this.#db.run('INSERT OR REPLACE INTO schedules (name, schedule) VALUES (?, ?)', schedule.name, text))
  }

  async *adopt(accept: (record: ProcessRecord) => boolean): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    yield* adopt(
      { hostId: this.hostId, db: this.#db, commits: this.#commits, hosts: this.#hosts, refused: this.#refusedBy(accept) },
      accept,
    )
  }

  onWake(listener: () => void): void {
    this.#waking.listener = listener
  }

  async *take(accept: (record: ProcessRecord) => boolean, skip = (_pid: string): boolean => false): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for (let after = ''; ;) {
      // Most often there is nothing: that is read without a transaction.
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

  async commands(onGarbage: (error: Error) => void): Promise<Command[]> {
    this.#checkOpen()
    const { commands, garbage } = await this.#db.read(() => commandsFor(this.#db, this.hostId))
    for (const { error } of garbage) onGarbage(error)
    if (garbage.length > 0) await this.#commits.add(() => garbage.forEach(({ pid, id }) => forget(this.#db, pid, id)))
    return commands
  }

  async answer(pid: string, commandId: string, refusal?: Refusal): Promise<void> {
    await this.#commits.add(() => answer(this.#db, pid, commandId, refusal))
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
    await this.#commits.add(() => sweepCommands(this.#db))
    return expire(this.#db, this.#commits, () => this.#closed === undefined, createdBefore, endedBefore)
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    try {
      // With the socket gone, others see the host dead, and what it owns may be adopted.
      await this.#commits.add(() => removeHost(this.#db, this.hostId))
    } finally {
      await this.#socket.close()
      this.#db.close()
    }
  }

  #refusedBy(accept: (record: ProcessRecord) => boolean): Set<string> {
    const refused = this.#refused.get(accept) ?? new Set()
    this.#refused.set(accept, refused)
    return refused
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw hostClosed(this.hostId)
  }
}
