import os from 'node:os'
import { hostAlive, notAPid, notEnded, unknownHost, unknownProcess } from '../failures.ts'
import { createHostId } from '../hosts/host-id.ts'
import { MAX_RECORD_BYTES } from '../limits.ts'
import { MemoryHost } from './host.ts'
import { MemoryJournal, MemoryJournals, RELEASED, SUBMITTED } from './journals.ts'
import { MemoryDocuments } from './memory-documents.ts'
import { fold, parseLine } from '../../journal/line.ts'
import type { LimitRecord, Room } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import { isPidPrefix, matches } from '../query.ts'
import { identityOf, isFinal, noCounts } from '../../record/record.ts'
import type { NameCount, ProcessRecord, StatusCounts, Trails } from '../../record/record.ts'
import type { Host, StoredProcess } from '../../record/host.ts'
import { findDamages } from '../damages.ts'
import { Tally } from '../tally.ts'
import type { CorruptJournal, Created, Damage, HostStore, ListQuery, Store, TrailOptions } from '../store.ts'

/**
 * A store in memory, for tests. It obeys the contract of all stores, for the hosts and clients of
 * one Node process. A host that is closed while it owns processes counts as dead, so other hosts
 * adopt them.
 *
 * @example
 * const store = memoryStore()
 * await using runtime = await createRuntime({ processes: [importDump], store })
 */
export const memoryStore = (): Store => new MemoryStore()

class MemoryStore implements Store {
  readonly location = 'memory'
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly documents = new MemoryDocuments()
  readonly #journals = new MemoryJournals()
  readonly #hosts = new Map<string, MemoryHost>()
  readonly #closing = new AbortController()

  async openHost(): Promise<HostStore> {
    const host: Host = {
      id: createHostId(),
      osPid: process.pid,
      hostname: os.hostname(),
      startedAt: new Date().toISOString(),
      state: 'alive',
    }
    return new MemoryHost(host, this.#journals, this.#hosts)
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    const journal = this.#journals.get(pid)
    return journal && this.#stored(journal, journal.newest())
  }

  async *list(query: ListQuery = {}, _onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    for (const journal of this.#journals.newestFirst()) {
      if (journal.deleted) continue
      const record = journal.newest()
      if (matches(query, record)) yield this.#stored(journal, record)
    }
  }

  async counts(): Promise<StatusCounts> {
    const found = noCounts()
    for (const journal of this.#journals.all()) found[journal.newest().status] += 1
    return found
  }

  async countsByName(): Promise<NameCount[]> {
    const tally = new Tally()
    for (const journal of this.#journals.all()) {
      const { name, status } = journal.newest()
      tally.add(name, status, journal.pid)
    }
    return tally.counts()
  }

  async history(pid: string): Promise<ProcessRecord[] | undefined> {
    return this.#journals.get(pid)?.every()
  }

  async *follow(pid: string, signal?: AbortSignal): AsyncGenerator<StoredProcess> {
    const ends = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    if (ends.aborted) return
    const journal = this.#journals.get(pid)
    if (journal === undefined) throw unknownProcess(pid, this.location)
    let record = journal.newest()
    let next = journal.lines.length
    for (;;) {
      yield this.#stored(journal, record)
      if (isFinal(record.status)) return
      while (next === journal.lines.length && !journal.deleted && !ends.aborted) await nextLine(journal, ends)
      if (ends.aborted) return
      if (next === journal.lines.length) throw unknownProcess(pid, this.location)
      // A submission may have been completed meanwhile.
      record = fold({ ...record, ...identityOf(journal.first()) }, parseLine(journal.lines[next]!, pid))
      next += 1
    }
  }

  async *trail<T extends keyof Trails>(
    trail: T,
    pid: string,
    { follow = false, signal }: TrailOptions = {},
  ): AsyncGenerator<Trails[T]> {
    const ends = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    const journal = this.#journals.get(pid)
    if (journal === undefined) throw unknownProcess(pid, this.location)
    const entries = journal.trails[trail]
    let seen = 0
    for (;;) {
      const over = journal.endedAt !== undefined || journal.deleted || ends.aborted
      const news = entries.since(seen)
      seen = entries.count
      for (const entry of news) yield JSON.parse(entry) as Trails[T]
      if (!follow || over) return
      if (journal.endedAt === undefined && !ends.aborted && entries.count === seen) await nextLine(journal, ends)
    }
  }

  async *changes(signal?: AbortSignal): AsyncGenerator<string[]> {
    const ends = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    if (ends.aborted) return
    let changed = new Set(this.#journals.newestFirst().map(({ pid }) => pid))
    const listener = { tell: (_pid: string): void => {} }
    const arrived = (): Promise<void> =>
      new Promise(resolve => {
        listener.tell = pid => {
          changed.add(pid)
          resolve()
        }
        ends.addEventListener('abort', () => resolve(), { once: true })
      })
    const tell = (pid: string): void => listener.tell(pid)
    this.#journals.listeners.add(tell)
    try {
      while (!ends.aborted) {
        const batch = [...changed]
        changed = new Set()
        const next = arrived()
        yield batch
        await next
      }
    } finally {
      this.#journals.listeners.delete(tell)
    }
  }

  async holderOf(key: string): Promise<string | undefined> {
    return this.#journals.holderOf(key)
  }

  async find(prefix: string, limit: number): Promise<string[]> {
    if (!isPidPrefix(prefix)) return []
    return this.#journals
      .newestFirst()
      .map(({ pid }) => pid)
      .filter(pid => pid.startsWith(prefix))
      .slice(0, Math.max(0, limit))
  }

  async delete(pid: string): Promise<void> {
    const journal = this.#journals.get(pid)
    if (journal === undefined) throw unknownProcess(pid, this.location)
    if (journal.endedAt === undefined) throw notEnded(pid)
    this.#journals.remove(journal)
  }

  async hosts(): Promise<Host[]> {
    return [...this.#hosts.keys()].flatMap(id => this.#host(id) ?? [])
  }

  async rooms(limits: readonly LimitRecord[], now: number): Promise<Room[]> {
    return limits.map(limit => this.#journals.places.room(limit, now))
  }

  async submit(record: ProcessRecord): Promise<Created> {
    return (await this.submitMany([record]))[0]!
  }

  async submitMany(records: readonly ProcessRecord[]): Promise<Created[]> {
    for (const { pid } of records) if (!isPid(pid)) throw notAPid(pid)
    const submitted = records.map(record => this.#submit(record))
    for (const host of this.#hosts.values()) host.wake()
    return submitted
  }

  #submit(record: ProcessRecord): Created {
    const { pid, key } = record
    const holder = key === undefined ? undefined : this.#journals.holderOf(key)
    if (holder !== undefined) return { pid: holder, created: false }
    this.#journals.add(new MemoryJournal(record, SUBMITTED))
    return { pid, created: true }
  }

  async wake(hostId: string): Promise<void> {
    this.#hosts.get(hostId)?.wake()
  }

  async adopt(hostId: string, force: boolean): Promise<number> {
    const host = this.#host(hostId)
    if (host === undefined) throw unknownHost(hostId, this.location)
    if (!force && host.state !== 'dead') throw hostAlive(hostId, host.state)
    const taken = this.#journals.ownedBy(hostId)
    for (const journal of taken) journal.owner = RELEASED
    // One that is alive after all is still there.
    const robbed = this.#hosts.get(hostId)
    if (robbed?.closed) this.#hosts.delete(hostId)
    else robbed?.lose(taken.map(({ pid }) => pid))
    return taken.length
  }

  /** Nobody else writes here, so nothing can be moved away either. */
  damages(): AsyncGenerator<Damage> {
    const nowhere = async (): Promise<undefined> => undefined
    return findDamages(this, { journal: nowhere, document: nowhere })
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  #host(id: string): Host | undefined {
    const found = this.#hosts.get(id)
    return found && { ...found.host, state: found.closed ? 'dead' : 'alive' }
  }

  #stored({ owner }: MemoryJournal, record: ProcessRecord): StoredProcess {
    const host =
      owner === undefined || owner === RELEASED || owner === SUBMITTED || isFinal(record.status)
        ? undefined
        : this.#host(owner)
    return host === undefined ? { record } : { record, host }
  }
}

function nextLine(journal: MemoryJournal, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const wake = (): void => {
      journal.waiting.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    journal.waiting.add(wake)
    signal.addEventListener('abort', wake)
  })
}
