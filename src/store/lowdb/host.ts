import { StepwrightError } from '../../errors.ts'
import { writeFailed } from '../../journal/failures.ts'
import { ifThere, makeFolder } from '../../journal/files.ts'
import type { LimitRecord } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import type { JournalLine, ProcessRecord, TrailEntries, Trails } from '../../record/record.ts'
import { hostClosed, notAPid } from '../failures.ts'
import { createHostId } from '../hosts/host-id.ts'
import { HostPresence, setPresence } from '../hosts/host-presence.ts'
import { journalOf } from '../journal-of-history.ts'
import type { AdoptedProcess, Created, HostStore } from '../store.ts'
import { adopt } from './adopt.ts'
import type { Directory } from './directory.ts'
import { expire } from './expire.ts'
import { importProcess } from './import.ts'
import { asStoreFailure, makeStoreSafe, prepareStore } from './layout.ts'
import { placeOf } from './locate.ts'
import { orWriteFailed, OwnedJournals } from './owned-journals.ts'
import { namesIn } from './paths.ts'
import { publish, take } from './submissions.ts'
import { appendTrail } from './trails.ts'

/** Registers a host. */
export async function openLowdbHost(directory: Directory): Promise<HostStore> {
  const { files, paths, documents } = directory
  const hostId = createHostId()
  const isNew = await prepareStore(directory)
  const presence = new HostPresence({
    hosts: paths.hosts,
    hostId,
    documents,
    prepare: () => {
      if (!files.existsSync(paths.format)) return false
      for (const folder of [paths.hosts, paths.activeFolder(hostId)]) makeFolder(files, folder)
      return true
    },
    onSuspicion: async () => host.findLost(),
  })
  const host = new LowdbHost(hostId, directory, presence)
  try {
    await presence.open()
    try {
      await makeStoreSafe(directory, isNew)
      return setPresence(host, presence)
    } catch (error) {
      await presence.close()
      throw error
    }
  } catch (error) {
    throw asStoreFailure(paths.root, error)
  }
}

class LowdbHost implements HostStore {
  readonly hostId: string
  readonly #directory: Directory
  readonly #presence: HostPresence
  readonly #owned: OwnedJournals
  #onLost: (pids: readonly string[]) => void = () => {}
  #closed = false

  constructor(hostId: string, directory: Directory, presence: HostPresence) {
    this.hostId = hostId
    this.#directory = directory
    this.#presence = presence
    this.#owned = new OwnedJournals(directory, hostId)
  }

  async create(record: ProcessRecord): Promise<Created> {
    this.#checkOpen()
    const { pid, key } = record
    if (!isPid(pid)) throw notAPid(pid)
    if (this.#owned.has(pid)) throw new TypeError(`Process ${pid} is there already: a new one needs a new pid`)
    const { paths, keys } = this.#directory
    const holder = key === undefined ? undefined : orWriteFailed(paths.key(key), () => keys.holderOf(key))
    const winner = holder ?? (await this.#owned.begin(record))
    if (winner !== pid) orWriteFailed(paths.pending, () => publish(this.#directory, winner))
    if (key !== undefined) await this.#owned.makeKeySafe(winner)
    if (winner === pid) await this.#owned.endIfFinal(record)
    return { pid: winner, created: winner === pid }
  }

  async import(history: readonly ProcessRecord[], trails: TrailEntries): Promise<Created> {
    this.#checkOpen()
    const journal = journalOf(history)
    try {
      return await importProcess(this.#directory, this.hostId, journal, trails)
    } catch (error) {
      throw error instanceof StepwrightError ? error : writeFailed(this.#directory.paths.root, error)
    }
  }

  write(line: JournalLine): Promise<void> | undefined {
    return this.#closed ? Promise.reject(hostClosed(this.hostId)) : this.#owned.write(line)
  }

  async append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): Promise<void> {
    if (!this.#owned.has(pid) && (!isPid(pid) || placeOf(this.#directory, pid)?.place.kind !== 'ended'))
      throw this.#owned.notOurs(pid)
    orWriteFailed(this.#directory.paths.trail(trail, pid), () => appendTrail(this.#directory, trail, pid, entries))
  }

  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean = () => false,
    holds?: (pid: string) => boolean,
  ): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    this.#makeFolder()
    const { hostId } = this
    const onTaken = (pid: string): void => {
      if (this.#owned.drop(pid)) this.#onLost([pid])
    }
    for await (const adopted of adopt(this.#directory, { hostId, accept, skip, holds, onTaken })) {
      this.#owned.add(adopted.record)
      yield adopted
    }
  }

  onLost(listener: (pids: readonly string[]) => void): void {
    this.#onLost = listener
  }

  /** Looks for what was taken from this host while others did not see it. */
  findLost(): void {
    if (this.#closed) return
    const lost = this.#owned.dropLost()
    if (lost.length > 0) this.#onLost(lost)
  }

  onWake(listener: () => void): void {
    this.#presence.onWake = listener
  }

  async *take(
    accept: (record: ProcessRecord) => boolean,
    skip: (pid: string) => boolean = () => false,
  ): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    this.#makeFolder()
    for await (const record of take(this.#directory, this.hostId, accept, skip)) {
      this.#owned.add(record)
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    await this.#owned.complete(record)
  }

  async release(pid: string, epoch = 0): Promise<void> {
    this.#checkOpen()
    this.#owned.release(pid, epoch)
  }

  async requeue(pid: string, epoch = 0): Promise<void> {
    this.#checkOpen()
    this.#owned.requeue(pid, epoch)
  }

  async claim(pid: string, limits: readonly LimitRecord[], now: number, epoch = 0): Promise<boolean> {
    this.#checkOpen()
    return this.#owned.claim(pid, epoch, limits, now)
  }

  async vacate(pid: string, limits: readonly LimitRecord[], epoch = 0): Promise<void> {
    this.#checkOpen()
    this.#owned.vacate(pid, epoch, limits)
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    return expire(this.#directory, createdBefore, endedBefore)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#presence.stop()
    const { files, paths, documents } = this.#directory
    const folder = paths.activeFolder(this.hostId)
    const owns = this.#owned.close()
    try {
      // Once the socket is gone, others see the host dead, and what it owns may be adopted.
      if (owns || namesIn(files, folder).length > 0) return
      ifThere(() => files.rmdirSync(folder))
      await documents.delete('hosts', this.hostId)
    } catch (error) {
      throw error instanceof StepwrightError ? error : writeFailed(folder, error)
    } finally {
      await this.#presence.close()
    }
  }

  /** Whoever took this host for dead has removed its folder. */
  #makeFolder(): void {
    const { files, paths } = this.#directory
    const folder = paths.activeFolder(this.hostId)
    orWriteFailed(folder, () => makeFolder(files, folder))
  }

  #checkOpen(): void {
    if (this.#closed) throw hostClosed(this.hostId)
  }
}
