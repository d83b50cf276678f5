import { StepwrightError } from '../../errors.ts'
import { writeFailed } from '../../journal/failures.ts'
import { ifThere, makeFolder } from '../../journal/files.ts'
import { isPid } from '../../record/pid.ts'
import type { JournalLine, LogEntry, ProcessRecord } from '../../record/record.ts'
import { hostClosed, notAPid, notOwned } from '../failures.ts'
import { putCard } from '../hosts/card.ts'
import { createHostId } from '../hosts/host-id.ts'
import { openHostSocket } from '../hosts/host-socket.ts'
import type { HostSocket } from '../hosts/host-socket.ts'
import { journalOf } from '../journal-of-history.ts'
import type { AdoptedProcess, Created, HostStore } from '../store.ts'
import { adopt } from './adopt.ts'
import type { Directory } from './directory.ts'
import { expire } from './expire.ts'
import { importProcess } from './import.ts'
import { asStoreFailure, makeStoreSafe, prepareStore } from './layout.ts'
import { placeOf } from './locate.ts'
import { appendLog } from './logs.ts'
import { orWriteFailed, OwnedJournals } from './owned-journals.ts'
import { namesIn } from './paths.ts'
import { publish, take } from './submissions.ts'

/**
 * Registers a host. Its socket comes first, so that nobody ever sees a host that seems dead before
 * it began.
 */
export async function openLowdbHost(directory: Directory): Promise<HostStore> {
  const { files, paths, documents } = directory
  const hostId = createHostId()
  const isNew = await prepareStore(directory)
  try {
    const waking: Waking = { listener: () => {} }
    const socket = await openHostSocket(paths.hosts, hostId, () => waking.listener())
    try {
      await putCard(documents, hostId)
      makeFolder(files, paths.activeFolder(hostId))
      await makeStoreSafe(directory, isNew)
      return new LowdbHost(hostId, directory, socket, waking)
    } catch (error) {
      await socket.close()
      throw error
    }
  } catch (error) {
    throw asStoreFailure(paths.root, error)
  }
}

/** Holds the callback for wake-ups of the host. */
interface Waking {
  listener: () => void
}

class LowdbHost implements HostStore {
  readonly hostId: string
  readonly #directory: Directory
  readonly #socket: HostSocket
  readonly #waking: Waking
  readonly #owned: OwnedJournals
  #closed = false

  constructor(hostId: string, directory: Directory, socket: HostSocket, waking: Waking) {
    this.hostId = hostId
    this.#directory = directory
    this.#socket = socket
    this.#waking = waking
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

  async import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<Created> {
    this.#checkOpen()
    const journal = journalOf(history)
    try {
      return await importProcess(this.#directory, this.hostId, journal, log)
    } catch (error) {
      throw error instanceof StepwrightError ? error : writeFailed(this.#directory.paths.root, error)
    }
  }

  write(line: JournalLine): Promise<void> | undefined {
    return this.#closed ? Promise.reject(hostClosed(this.hostId)) : this.#owned.write(line)
  }

  async log(pid: string, entry: LogEntry): Promise<void> {
    if (!this.#owned.has(pid) && (!isPid(pid) || placeOf(this.#directory, pid)?.place.kind !== 'ended')) throw notOwned(pid, this.hostId)
    orWriteFailed(this.#directory.paths.log(pid), () => appendLog(this.#directory, pid, entry))
  }

  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean = () => false,
  ): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    for await (const adopted of adopt(this.#directory, this.hostId, accept, skip)) {
      this.#owned.add(adopted.record)
      yield adopted
    }
  }

  onWake(listener: () => void): void {
    this.#waking.listener = listener
  }

  async *take(accept: (record: ProcessRecord) => boolean, skip: (pid: string) => boolean = () => false): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for await (const record of take(this.#directory, this.hostId, accept, skip)) {
      this.#owned.add(record)
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    await this.#owned.complete(record)
  }

  async release(pid: string): Promise<void> {
    this.#checkOpen()
    this.#owned.release(pid)
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    return expire(this.#directory, createdBefore, endedBefore)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
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
      await this.#socket.close()
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw hostClosed(this.hostId)
  }
}
