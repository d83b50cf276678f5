import type { Host, StoredProcess } from '../record/host.ts'
import type { LimitRecord, Room } from '../record/limit.ts'
import type { NameCount, ProcessRecord, StatusCounts, Trails } from '../record/record.ts'
import type { Documents } from './documents.ts'
import { MAX_RECORD_BYTES } from './limits.ts'
import type { CorruptJournal, Created, Damage, HostStore, ListQuery, Store, TrailOptions } from './store.ts'

/**
 * A store that is loaded when it is first used: whoever names a place by a path or an address uses
 * one kind of store, and does not wait for the others.
 *
 * @param hasClock whether the store tells the time
 */
export const lazyStore = (location: string, load: () => Promise<Store>, hasClock = false): Store =>
  new LazyStore(location, load, hasClock)

class LazyStore implements Store {
  readonly location: string
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly documents: Documents = {
    list: async (...args) => (await this.#open()).documents.list(...args),
    get: async (...args) => (await this.#open()).documents.get(...args),
    put: async (...args) => (await this.#open()).documents.put(...args),
    delete: async (...args) => (await this.#open()).documents.delete(...args),
  }
  readonly time?: () => Promise<number>
  readonly #load: () => Promise<Store>
  #opened: Promise<Store> | undefined

  constructor(location: string, load: () => Promise<Store>, hasClock: boolean) {
    this.location = location
    this.#load = load
    if (hasClock) this.time = async () => (await this.#open()).time!()
  }

  async openHost(): Promise<HostStore> {
    return (await this.#open()).openHost()
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    return (await this.#open()).get(pid)
  }

  async *list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    yield* (await this.#open()).list(query, onCorrupt)
  }

  async counts(): Promise<StatusCounts> {
    return (await this.#open()).counts()
  }

  async countsByName(): Promise<NameCount[]> {
    return (await this.#open()).countsByName()
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    return (await this.#open()).history(pid)
  }

  async *follow(pid: string, signal?: AbortSignal): AsyncGenerator<StoredProcess> {
    yield* (await this.#open()).follow(pid, signal)
  }

  async *trail<T extends keyof Trails>(trail: T, pid: string, options?: TrailOptions): AsyncGenerator<Trails[T]> {
    yield* (await this.#open()).trail(trail, pid, options)
  }

  async *changes(signal?: AbortSignal): AsyncGenerator<readonly string[]> {
    yield* (await this.#open()).changes(signal)
  }

  async holderOf(key: string): Promise<string | undefined> {
    return (await this.#open()).holderOf(key)
  }

  async find(part: string, limit: number): Promise<string[]> {
    return (await this.#open()).find(part, limit)
  }

  async delete(pid: string): Promise<void> {
    await (await this.#open()).delete(pid)
  }

  async hosts(): Promise<Host[]> {
    return (await this.#open()).hosts()
  }

  async rooms(limits: readonly LimitRecord[], now: number): Promise<readonly Room[]> {
    return (await this.#open()).rooms(limits, now)
  }

  async submit(record: ProcessRecord): Promise<Created> {
    return (await this.#open()).submit(record)
  }

  async submitMany(records: readonly ProcessRecord[]): Promise<readonly Created[]> {
    return (await this.#open()).submitMany(records)
  }

  async wake(hostId: string): Promise<void> {
    await (await this.#open()).wake(hostId)
  }

  async adopt(hostId: string, force: boolean): Promise<number> {
    return (await this.#open()).adopt(hostId, force)
  }

  async *damages(): AsyncGenerator<Damage> {
    yield* (await this.#open()).damages()
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.then(store => store.close())
  }

  #open(): Promise<Store> {
    return (this.#opened ??= this.#load())
  }
}
