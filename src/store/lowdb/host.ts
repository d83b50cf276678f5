import { StepwrightError } from '../../errors.ts'
import { ifThere, makeFolder, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { writeFailed } from '../../journal/failures.ts'
import { hostClosed, notAPid, notOwned } from '../failures.ts'
import type { Command, Refusal } from '../command.ts'
import { journalOf } from '../journal-of-history.ts'
import { isPid } from '../../record/pid.ts'
import type { JournalLine, LogEntry, ProcessRecord } from '../../record/record.ts'
import type { AdoptedProcess, HostStore, StoredChart, StoredSchedule } from '../store.ts'
import { adopt } from './adopt.ts'
import { createHostId } from '../hosts/host-id.ts'
import { openHostSocket } from '../hosts/host-socket.ts'
import type { HostSocket } from '../hosts/host-socket.ts'
import { writeDefinition } from './definitions.ts'
import { expire } from './expire.ts'
import { namesIn } from './folders.ts'
import type { Folders } from './folders.ts'
import { writeHostCard } from './hosts.ts'
import type { Hosts } from './hosts.ts'
import { Inbox } from './inbox.ts'
import { importProcess } from './import.ts'
import { Keys } from './keys.ts'
import { asStoreFailure, makeStoreSafe, prepareStore } from './layout.ts'
import { hasEnded } from './locate.ts'
import { appendLog } from './logs.ts'
import { EndedMoves } from './moves.ts'
import { orWriteFailed, OwnedJournals } from './owned-journals.ts'
import type { Durability } from './power.ts'
import { writeSchedule } from './schedules.ts'
import { take } from './submissions.ts'

/** Registers a host: its socket first, so that nobody ever sees a host that seems dead before it began. */
export async function openLowdbHost(files: Files, folders: Folders, hosts: Hosts, durability: Durability): Promise<HostStore> {
  const hostId = createHostId()
  const isNew = prepareStore(files, folders)
  try {
    const wake: Waking = { listener: () => {} }
    const socket = await openHostSocket(folders.hosts, hostId, () => wake.listener())
    try {
      writeHostCard(files, folders, hostId)
      makeFolder(files, folders.activeFolder(hostId))
      await makeStoreSafe(folders, durability, isNew)
      return new LowdbHost(hostId, files, folders, hosts, socket, durability, wake)
    } catch (error) {
      await socket.close()
      throw error
    }
  } catch (error) {
    throw asStoreFailure(folders.root, error)
  }
}

/** Who is told when somebody asks the host to look. */
interface Waking {
  listener: () => void
}

class LowdbHost implements HostStore {
  readonly hostId: string
  readonly #files: Files
  readonly #folders: Folders
  readonly #hosts: Hosts
  readonly #socket: HostSocket
  readonly #waking: Waking
  readonly #inbox: Inbox
  readonly #durability: Durability
  readonly #keys: Keys
  readonly #moves: EndedMoves
  /** Where the journals are that this host owns. */
  readonly #folder: string
  readonly #owned: OwnedJournals
  readonly #refused = new WeakMap<(record: ProcessRecord) => boolean, Set<string>>()
  #closed = false

  constructor(hostId: string, files: Files, folders: Folders, hosts: Hosts, socket: HostSocket, durability: Durability, waking: Waking) {
    this.#durability = durability
    this.hostId = hostId
    this.#files = files
    this.#folders = folders
    this.#hosts = hosts
    this.#socket = socket
    this.#waking = waking
    this.#inbox = new Inbox(files, folders, durability)
    this.#keys = new Keys(files, folders)
    this.#moves = new EndedMoves(files, folders)
    this.#folder = folders.activeFolder(hostId)
    this.#owned = new OwnedJournals({ hostId, files, folders, keys: this.#keys, moves: this.#moves, durability })
  }

  async create(record: ProcessRecord): Promise<{ readonly pid: string; readonly created: boolean }> {
    this.#checkOpen()
    const { pid, key } = record
    if (!isPid(pid)) throw notAPid(pid)
    if (this.#owned.has(pid)) throw new TypeError(`Process ${pid} is there already: a new one needs a new pid`)
    const holder = key === undefined ? undefined : orWriteFailed(this.#folders.keyFile(key), () => this.#keys.holderOf(key))
    const winner = holder ?? (await this.#owned.begin(record))
    if (key !== undefined) await this.#owned.makeKeySafe(winner)
    if (winner === pid) await this.#owned.endIfFinal(record)
    return { pid: winner, created: winner === pid }
  }

  async import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<{ readonly pid: string; readonly created: boolean }> {
    this.#checkOpen()
    const journal = journalOf(history)
    const importer = {
      files: this.#files,
      folders: this.#folders,
      keys: this.#keys,
      moves: this.#moves,
      durability: this.#durability,
      folder: this.#folder,
    }
    try {
      return await importProcess(importer, journal, log)
    } catch (error) {
      throw error instanceof StepwrightError ? error : writeFailed(this.#folders.root, error)
    }
  }

  write(line: JournalLine): Promise<void> | undefined {
    return this.#closed ? Promise.reject(hostClosed(this.hostId)) : this.#owned.write(line)
  }

  async log(pid: string, entry: LogEntry): Promise<void> {
    if (!this.#owned.has(pid) && !hasEnded(this.#files, this.#folders, pid)) throw notOwned(pid, this.hostId)
    orWriteFailed(this.#folders.logFile(pid), () => appendLog(this.#files, this.#folders, pid, entry))
  }

  async define(chart: StoredChart): Promise<void> {
    orWriteFailed(this.#folders.definitions, () => writeDefinition(this.#files, this.#folders, chart))
  }

  async schedule(schedule: StoredSchedule): Promise<void> {
    orWriteFailed(this.#folders.schedules, () => writeSchedule(this.#files, this.#folders, schedule))
  }

  async *adopt(accept: (record: ProcessRecord) => boolean): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    const { hostId } = this
    const adopter = {
      hostId,
      files: this.#files,
      folders: this.#folders,
      hosts: this.#hosts,
      keys: this.#keys,
      moves: this.#moves,
      refused: this.#refusedBy(accept),
    }
    for await (const adopted of adopt(adopter, accept)) {
      // The half of a line that its last host may have left is cut off before the first write.
      this.#owned.add(adopted.record)
      yield adopted
    }
  }

  onWake(listener: () => void): void {
    this.#waking.listener = listener
  }

  async *take(accept: (record: ProcessRecord) => boolean, skip?: (pid: string) => boolean): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    const taker = { files: this.#files, folders: this.#folders, keys: this.#keys, folder: this.#folder }
    for await (const record of take(taker, accept, skip)) {
      this.#owned.add(record)
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    await this.#owned.complete(record)
  }

  async commands(onGarbage: (error: Error) => void): Promise<Command[]> {
    this.#checkOpen()
    return this.#inbox.waiting(pid => this.#owned.has(pid), onGarbage)
  }

  async answer(pid: string, commandId: string, refusal?: Refusal): Promise<void> {
    await this.#inbox.answer(pid, commandId, refusal)
  }

  async release(pid: string): Promise<void> {
    this.#checkOpen()
    this.#owned.release(pid)
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    await this.#inbox.sweep()
    return expire(this.#files, this.#folders, this.#keys, createdBefore, endedBefore)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const owns = this.#owned.close()
    try {
      // With the socket gone, others see the host dead, and what it owns may be adopted.
      if (owns || namesIn(this.#files, this.#folder).length > 0) return
      ifThere(() => this.#files.rmdirSync(this.#folder))
      removeFile(this.#files, this.#folders.hostFile(this.hostId))
    } catch (error) {
      throw writeFailed(this.#folder, error)
    } finally {
      await this.#socket.close()
    }
  }

  #refusedBy(accept: (record: ProcessRecord) => boolean): Set<string> {
    const refused = this.#refused.get(accept) ?? new Set()
    this.#refused.set(accept, refused)
    return refused
  }

  #checkOpen(): void {
    if (this.#closed) throw hostClosed(this.hostId)
  }
}
