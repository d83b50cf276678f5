import fs from 'node:fs'
import type { Answer, Command } from '../command.ts'
import type { Files } from '../../journal/files.ts'
import { show } from '../../record/show.ts'
import { MAX_RECORD_BYTES } from '../limits.ts'
import { changes } from './change-feed.ts'
import { readDefinitions } from './definitions.ts'
import { deleteProcess } from './delete-process.ts'
import { follow } from './follow.ts'
import { Folders, hostIdsIn } from './folders.ts'
import { Hosts } from './hosts.ts'
import { Inbox } from './inbox.ts'
import { Keys } from './keys.ts'
import { checkStore } from './layout.ts'
import { readLogs } from './logs.ts'
import { wakeHost } from '../hosts/wake-host.ts'
import { powerDurability, processDurability, type Durability } from './power.ts'
import { Reader } from './reader.ts'
import { readSchedules } from './schedules.ts'
import { adoptHost } from './adopt-host.ts'
import { submit } from './submissions.ts'
import { isPidPrefix } from '../query.ts'
import type { LogEntry, ProcessRecord, StatusCounts } from '../../record/record.ts'
import type { Host, StoredProcess } from '../../record/host.ts'
import type { CorruptJournal, HostStore, ListQuery, Store, StoredChart, StoredSchedule } from '../store.ts'

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
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0')) throw new TypeError(`A store's directory is a path, got ${show(dir)}`)
  if (durability !== 'process' && durability !== 'power')
    throw new TypeError(`lowdbStore(dir, { durability }): expected 'process' or 'power', got ${show(durability)}`)
  return new LowdbStore(new Folders(dir), files, durability === 'power' ? powerDurability(files) : processDurability)
}

class LowdbStore implements Store {
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly #folders: Folders
  readonly #files: Files
  readonly #durability: Durability
  readonly #hosts: Hosts
  readonly #reader: Reader
  readonly #inbox: Inbox
  readonly #closing = new AbortController()
  #checked = false

  constructor(folders: Folders, files: Files, durability: Durability) {
    this.#durability = durability
    this.#folders = folders
    this.#files = files
    this.#hosts = new Hosts(files, folders)
    this.#inbox = new Inbox(files, folders, durability)
    this.#reader = new Reader(files, folders, this.#hosts)
  }

  get location(): string {
    return this.#folders.root
  }

  async openHost(): Promise<HostStore> {
    // Half of this store, and readers have no use for it.
    const { openLowdbHost } = await import('./host.ts')
    return openLowdbHost(this.#files, this.#folders, this.#hosts, this.#durability)
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

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    this.#check()
    return this.#reader.history(pid)
  }

  async *follow(pid: string, signal?: AbortSignal): AsyncGenerator<StoredProcess> {
    this.#check()
    const ends = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    yield* follow(this.#files, this.#folders, this.#reader, pid, ends)
  }

  async *logs(
    pid: string,
    { follow: goOn = false, signal }: { follow?: boolean; signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<LogEntry> {
    this.#check()
    const ends = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    yield* readLogs(this.#files, this.#folders, pid, goOn ? this.follow(pid, ends) : undefined, ends)
  }

  async *changes(signal?: AbortSignal): AsyncGenerator<string[]> {
    this.#check()
    yield* changes(
      this.#files,
      this.#folders,
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]),
    )
  }

  async charts(): Promise<StoredChart[]> {
    this.#check()
    return readDefinitions(this.#files, this.#folders)
  }

  async schedules(): Promise<StoredSchedule[]> {
    this.#check()
    return readSchedules(this.#files, this.#folders)
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    this.#check()
    return isPidPrefix(prefix) ? this.#reader.find(prefix, limit) : []
  }

  async delete(pid: string): Promise<void> {
    this.#check()
    return deleteProcess(this.#files, this.#folders, this.#hosts, this.#reader, pid)
  }

  async hosts(): Promise<Host[]> {
    this.#check()
    return this.#hosts.all()
  }

  async submit(record: ProcessRecord): Promise<{ readonly pid: string; readonly created: boolean }> {
    const [files, folders, durability] = [this.#files, this.#folders, this.#durability]
    const submitted = await submit({ files, folders, keys: new Keys(files, folders), durability }, record)
    // Any of them may be a worker.
    if (submitted.created) await Promise.all(hostIdsIn(this.#files, this.#folders).map(id => wakeHost(this.#folders.hosts, id)))
    return submitted
  }

  async command(command: Command): Promise<void> {
    this.#check()
    await this.#inbox.put(command)
    const owner = await this.#reader.hostIdOf(command.pid)
    if (owner !== undefined) await wakeHost(this.#folders.hosts, owner)
  }

  async answer(pid: string, commandId: string): Promise<Answer> {
    return this.#inbox.answerOf(pid, commandId)
  }

  async forget(pid: string, commandId: string): Promise<void> {
    await this.#inbox.forget(pid, commandId)
  }

  async adopt(hostId: string, force: boolean): Promise<number> {
    this.#check()
    return adoptHost(this.#files, this.#folders, this.#hosts, hostId, force)
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  #check(): void {
    if (this.#checked) return
    checkStore(this.#files, this.#folders)
    this.#checked = true
  }
}
