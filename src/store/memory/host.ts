import { hostClosed, notAPid, notOwned, processTaken } from '../failures.ts'
import { journalOf } from '../journal-of-history.ts'
import type { LimitRecord } from '../../record/limit.ts'
import { createdAtOf, isPid } from '../../record/pid.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord, TrailEntries, Trails } from '../../record/record.ts'
import { checkRevision } from '../../journal/revision.ts'
import type { Host } from '../../record/host.ts'
import type { AdoptedProcess, Created, HostStore } from '../store.ts'
import { MemoryJournal, RELEASED, SUBMITTED } from './journals.ts'
import type { MemoryJournals } from './journals.ts'

/** A host of a memory store. It is dead if it was closed and still owns something. */
export class MemoryHost implements HostStore {
  readonly host: Host
  readonly #journals: MemoryJournals
  /** Every host of the store. */
  readonly #hosts: Map<string, MemoryHost>
  #listener: () => void = () => {}
  #onLost: (pids: readonly string[]) => void = () => {}
  #closed = false

  constructor(host: Host, journals: MemoryJournals, hosts: Map<string, MemoryHost>) {
    this.host = host
    this.#journals = journals
    this.#hosts = hosts
    hosts.set(host.id, this)
  }

  get hostId(): string {
    return this.host.id
  }

  get closed(): boolean {
    return this.#closed
  }

  async create(record: ProcessRecord): Promise<Created> {
    this.#checkOpen()
    const { pid, key } = record
    if (!isPid(pid)) throw notAPid(pid)
    if (this.#journals.get(pid) !== undefined)
      throw new TypeError(`Process ${pid} is there already: a new one needs a new pid`)
    const holder = key === undefined ? undefined : this.#journals.holderOf(key)
    if (holder !== undefined) return { pid: holder, created: false }
    this.#journals.add(new MemoryJournal(record, this.hostId))
    return { pid, created: true }
  }

  async import(history: readonly ProcessRecord[], trails: TrailEntries): Promise<Created> {
    this.#checkOpen()
    const { first, lines, last, waits } = journalOf(history)
    const { pid, key } = first
    const holder = this.#journals.get(pid)?.pid ?? (key === undefined ? undefined : this.#journals.holderOf(key))
    if (holder !== undefined) return { pid: holder, created: false }
    const journal = new MemoryJournal(first, this.hostId)
    for (const line of lines) journal.append(line)
    for (const trail of ['log', 'stream'] as const) journal.trails[trail].add(trails[trail])
    if (waits !== undefined) {
      journal.owner = waits
      journal.epoch = epochOf(last)
    }
    this.#journals.add(journal)
    return { pid, created: true }
  }

  write(line: JournalLine): Promise<void> | undefined {
    try {
      const ended = this.#journals.get(line.pid)
      // The answer to its end was lost.
      if (ended?.endedBy === this.hostId && ended.revision === line.revision && ended.epoch === epochOf(line))
        return undefined
      const journal = this.#owned(line.pid, epochOf(line))
      checkRevision(line, journal.revision)
      if (line.revision > journal.revision) journal.append(line)
      if (isFinal(line.status)) this.#journals.places.vacate(line.pid, journal.first().limits)
      return undefined
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): Promise<void> {
    const found = this.#journals.get(pid)
    const journal = found?.endedAt === undefined ? this.#owned(pid) : found
    journal.trails[trail].add(entries)
    journal.notify()
  }

  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean = () => false,
    holds: (pid: string) => boolean = () => true,
  ): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    for (const journal of this.#journals.all()) {
      const { pid, owner } = journal
      if (owner === undefined || owner === SUBMITTED) continue
      const isOurs = owner === this.hostId
      const released = owner === RELEASED || isOurs
      if (isOurs ? holds(pid) : !released && !(this.#hosts.get(owner)?.closed ?? true)) continue
      if (skip(pid, owner)) continue
      const record = { ...journal.newest(), epoch: journal.epoch + 1 }
      if (!accept(record, owner) || journal.owner !== owner) continue
      journal.owner = this.hostId
      journal.epoch = record.epoch
      journal.notify()
      this.#deleteIfEmpty(owner)
      yield { record, released }
    }
  }

  onWake(listener: () => void): void {
    this.#listener = listener
  }

  wake(): void {
    if (!this.#closed) this.#listener()
  }

  async *take(
    accept: (record: ProcessRecord) => boolean,
    skip = (_pid: string): boolean => false,
  ): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for (const journal of this.#journals.newestFirst().toReversed()) {
      if (journal.owner !== SUBMITTED || skip(journal.pid)) continue
      const record = { ...journal.newest(), ...(journal.epoch > 0 && { epoch: journal.epoch }) }
      if (!accept(record)) continue
      journal.owner = this.hostId
      journal.notify()
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#owned(record.pid, epochOf(record)).replace(record)
  }

  onLost(listener: (pids: readonly string[]) => void): void {
    this.#onLost = listener
  }

  /** Tells the host of what was taken away from it. */
  lose(pids: readonly string[]): void {
    if (!this.#closed) this.#onLost(pids)
  }

  async release(pid: string, epoch = 0): Promise<void> {
    const journal = this.#owned(pid, epoch)
    journal.owner = RELEASED
    journal.notify()
  }

  async requeue(pid: string, epoch = 0): Promise<void> {
    const journal = this.#owned(pid, epoch)
    journal.owner = SUBMITTED
    this.#journals.places.vacate(pid, journal.first().limits)
    journal.notify()
  }

  async claim(pid: string, limits: readonly LimitRecord[], now: number, epoch = 0): Promise<boolean> {
    this.#owned(pid, epoch)
    return this.#journals.places.claim(pid, limits, now)
  }

  async vacate(pid: string, limits: readonly LimitRecord[], epoch = 0): Promise<void> {
    this.#owned(pid, epoch)
    this.#journals.places.vacate(pid, limits)
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    const old = this.#journals
      .all()
      .filter(({ pid, endedAt }) => endedAt !== undefined && createdAtOf(pid) < createdBefore && endedAt < endedBefore)
      .filter(journal => !this.#hasParent(journal))
    for (const journal of old) this.#journals.remove(journal)
    return old.length
  }

  /** Children stay as long as their root. */
  #hasParent(journal: MemoryJournal): boolean {
    const { parent } = journal.newest()
    return parent !== undefined && this.#journals.get(parent.pid) !== undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#deleteIfEmpty(this.hostId)
  }

  /** Removes a closed host that owns nothing any more. */
  #deleteIfEmpty(hostId: string): void {
    if (this.#hosts.get(hostId)?.closed && this.#journals.ownedBy(hostId).length === 0) this.#hosts.delete(hostId)
  }

  /** @param epoch absent: any */
  #owned(pid: string, epoch?: number): MemoryJournal {
    this.#checkOpen()
    const journal = this.#journals.get(pid)
    if (journal === undefined) throw notOwned(pid, this.hostId)
    const { owner } = journal
    if (owner === this.hostId && (epoch ?? journal.epoch) === journal.epoch) return journal
    throw processTaken(pid, this.hostId, owner === RELEASED || owner === SUBMITTED ? undefined : owner)
  }

  #checkOpen(): void {
    if (this.#closed) throw hostClosed(this.hostId)
  }
}
