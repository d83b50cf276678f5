import type { Host, StoredProcess } from '../record/host.ts'
import type {
  JournalLine,
  NameCount,
  ProcessRecord,
  ProcessStatus,
  StatusCounts,
  TrailEntries,
  Trails,
} from '../record/record.ts'
import type { LimitRecord, Room } from '../record/limit.ts'
import type { Documents } from './documents.ts'

/** Which processes to list: those that fit all of these. */
export interface ListQuery {
  readonly status?: readonly ProcessStatus[] | undefined
  readonly name?: string | undefined
  /** Labels that a process must have, all of them. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** A journal that cannot be read. It is kept and reported, and stops no other process. */
export interface CorruptJournal {
  readonly pid: string
  readonly error: Error
}

/** The pid of the new process, or of the process that already has its key. `created` says which. */
export interface Created {
  readonly pid: string
  readonly created: boolean
}

/** Options of `Store.trail`. */
export interface TrailOptions {
  readonly follow?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Something in a store that makes no sense. */
export interface Damage {
  /** Its message names the file or the row, and says what is wrong. */
  readonly error: Error
  /**
   * Moves it to where only people look, and returns that place. Nothing is deleted. Absent if it
   * has to stay: it is of a newer version, or there is nowhere to move it.
   */
  readonly setAside?: () => Promise<string | undefined>
}

/** A process that this host has just adopted. */
export interface AdoptedProcess {
  readonly record: ProcessRecord
  /** Whether its last host released it. If not, that host died. */
  readonly released: boolean
}

/**
 * Where journals are: the only thing that hosts and clients share. A store knows nothing of
 * machines or definitions. The conformance suite in `stepwright/testing` is the full contract.
 */
export interface Store {
  /** An absolute path, or a word. It appears in messages. */
  readonly location: string
  /** The size limit of a record, an input and an output, in bytes of JSON. */
  readonly maxRecordBytes: number
  /** Charts, schedules, pauses, commands and the cards of hosts. */
  readonly documents: Documents

  /**
   * Epoch milliseconds by the clock of the store. Absent where all who use the store share the
   * clock of one machine. Creates the store if needed.
   * @throws ERR_STORE_READ
   */
  time?(): Promise<number>

  /** Registers a host, so that it can own processes. Creates the store if needed. */
  openHost(): Promise<HostStore>

  /**
   * The newest record of a process, or `undefined` if there is no such process.
   * @throws ERR_STORE_MISSING if there is no such store, ERR_STORE_CORRUPT, ERR_STORE_READ,
   * ERR_STORE_VERSION, ERR_STORE_ACCESS
   */
  get(pid: string): Promise<StoredProcess | undefined>
  /**
   * Lists processes, newest first. Corrupt journals are passed to `onCorrupt`, if there is one, and
   * the list continues.
   */
  list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncIterable<StoredProcess>
  /** How many processes there are of each status. Corrupt journals do not count. */
  counts(): Promise<StatusCounts>
  /**
   * The same by name, in no order, without names and statuses that no process has. A store in files
   * reads every journal the first time, and then only those that have changed.
   */
  countsByName(): Promise<NameCount[]>
  /**
   * The record as of every line of the journal, oldest first, or `undefined` if there is no such
   * process.
   */
  history(pid: string): Promise<ProcessRecord[] | undefined>
  /**
   * The newest record, then every later one as it is written. Ends after a final record, or when
   * `signal` aborts (without an error).
   * @throws ERR_UNKNOWN_PROCESS if there is no such process, or it is deleted
   */
  follow(pid: string, signal?: AbortSignal): AsyncIterable<StoredProcess>
  /**
   * The entries of a log or a stream that the size limit has kept, oldest first. With `follow`,
   * later entries follow until the process has ended or `signal` aborts.
   * @throws ERR_UNKNOWN_PROCESS
   */
  trail<T extends keyof Trails>(trail: T, pid: string, options?: TrailOptions): AsyncIterable<Trails[T]>
  /**
   * The pids of all processes that change. The first batch has every pid, newest first. Each later
   * batch has the pids of processes that were created, changed, moved to another owner or removed
   * since, within a second and without repetition. New entries of logs and streams need not count as changes. Ends
   * when `signal` aborts (without an error).
   */
  changes(signal?: AbortSignal): AsyncIterable<readonly string[]>
  /** The pid of the process that has an idempotency key; `undefined` if none has it. */
  holderOf(key: string): Promise<string | undefined>
  /** Pids that begin with `prefix`, at most `limit` of them. */
  find(prefix: string, limit: number): Promise<string[]>
  /**
   * Removes a process that has ended.
   * @throws ERR_NOT_ENDED if it has not ended, ERR_UNKNOWN_PROCESS
   */
  delete(pid: string): Promise<void>
  /** The hosts that still own something, and the living ones. */
  hosts(): Promise<Host[]>
  /**
   * Takes every process from a host that a person knows to be gone, for example on another machine,
   * so that the next host adopts them. If the host is alive after all, it loses its journals.
   * Returns how many processes were taken.
   * @throws ERR_UNKNOWN_HOST; ERR_HOST_ALIVE if it answers here, unless `force`
   */
  adopt(hostId: string, force: boolean): Promise<number>

  /**
   * How much room limits have, as of now. It may be gone by the time it is claimed.
   *
   * @param now epoch milliseconds
   */
  rooms(limits: readonly LimitRecord[], now: number): Promise<readonly Room[]>
  /**
   * Puts a process that waits for a worker into the store, and wakes the hosts. If another process
   * has its `key`, nothing is stored and the pid of that process is returned. Creates the store if
   * needed.
   * @throws ERR_STORE_WRITE
   */
  submit(record: ProcessRecord): Promise<Created>
  /**
   * Does what `submit` does for many processes, and wakes the hosts once. A store with transactions
   * keeps all of them or none.
   *
   * @returns one for each, in the same order
   * @throws ERR_STORE_WRITE; a `SubmitError` if some are in the store
   */
  submitMany(records: readonly ProcessRecord[]): Promise<readonly Created[]>
  /** Tells a host that there may be something in the store for it. Best effort: hosts also poll. */
  wake(hostId: string): Promise<void>
  /**
   * Everything in the store that makes no sense. It reads all journals and documents to their end.
   */
  damages(): AsyncIterable<Damage>
  /** Closes everything that reading has opened. */
  close(): Promise<void>
}

/** The store as one host uses it. Only the owner of a journal writes it. */
export interface HostStore {
  readonly hostId: string
  /**
   * Puts a new process into the store, owned by this host. If another process has its `key`,
   * nothing is stored and the pid of that process is returned.
   * @throws ERR_STORE_WRITE
   */
  create(record: ProcessRecord): Promise<Created>
  /**
   * Puts a process of another store into this one, with its history, its log and its stream. One
   * that has not ended waits for a host: to be adopted as if it had been released, or to be taken
   * if none had taken it. If another process has its pid or its `key`, nothing is stored and the
   * pid of that process is returned.
   *
   * @param history the result of `Store.history`: records, oldest first
   * @throws ERR_STORE_WRITE, a TypeError for what is no history
   */
  import(history: readonly ProcessRecord[], trails: TrailEntries): Promise<Created>
  /**
   * Appends a line to a journal that this host owns; `fold` says what it makes of the record before. A final status ends the journal, which then
   * has no owner. When the promise resolves, the line is as safe as the durability of the store
   * promises. After a rejection it is safe to call again with the same line. Returns `undefined` if
   * the line is already in the store, so that there is nothing to wait for.
   *
   * A line counts only if this host owns the process in the epoch of the line: nothing that a host
   * writes after a process was taken away from it is ever read.
   * @throws ERR_STORE_WRITE; ERR_PROCESS_TAKEN if another host has the process, or this host has it
   * anew; ERR_UNKNOWN_PROCESS if it is gone
   */
  write(line: JournalLine): Promise<void> | undefined
  /**
   * Adds entries to the log or the stream of a process that this host owns, or that has ended. The
   * size is limited: the oldest entries are removed first. What is added before a line is written
   * can be read once the line can.
   */
  append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): Promise<void>
  /**
   * Adopts every process of dead hosts, and every released process, for which `accept` returns
   * true. Each goes to exactly one host. Processes for which `skip` returns true are not read. The
   * records are in an epoch above that of every line before.
   *
   * @param accept its second argument is the owner of the process: the id of a host, or 'released'
   * @param holds whether this host knows of a process that it owns. If it does not, the answer to a
   * `create`, `take` or `adopt` was lost, and the process is adopted as if it had been released.
   * Default: the host knows of all
   */
  adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip?: (pid: string, owner: string) => boolean,
    holds?: (pid: string) => boolean,
  ): AsyncIterable<AdoptedProcess>
  /**
   * Sets the callback for processes that were taken away from this host. Best effort, for those of
   * which nothing is written: a write always rejects.
   */
  onLost(listener: (pids: readonly string[]) => void): void
  /**
   * Sets the callback for "there may be something in the store for this host". Best effort: hosts
   * also poll.
   */
  onWake(listener: () => void): void
  /**
   * Takes the submitted processes for which `accept` returns true, oldest first, as long as the
   * result is iterated. Each goes to exactly one host. Processes for which `skip` returns true are
   * not read.
   */
  take(accept: (record: ProcessRecord) => boolean, skip?: (pid: string) => boolean): AsyncIterable<ProcessRecord>
  /**
   * Replaces the first record of a process that this host has taken and not yet written to, because
   * only now its definition is known. It is safe to call again after a rejection.
   * @throws as `write`
   */
  complete(record: ProcessRecord): Promise<void>
  /**
   * Gives a process up that this host owns in this epoch (default: 0), so that the next host adopts
   * it. This does not count as a death.
   * @throws as `write`
   */
  release(pid: string, epoch?: number): Promise<void>
  /**
   * Puts a process back into the queue that this host has taken, and that has not begun. Its places
   * in limits are free again.
   * @throws as `write`
   */
  requeue(pid: string, epoch?: number): Promise<void>
  /**
   * Claims a place in each of these limits for a process that this host owns, in all of them or in
   * none. Returns whether it has them. There are never more processes with a place of a limit than
   * the limit has places, whatever hosts do at the same time.
   *
   * The places of a process stay with it when it is adopted. They are free again when its last
   * record is written, in the same step as far as others can see. Places of a rate (`perMs`) are
   * free again when that time has passed since the claim, and are claimed at every call; others are
   * not claimed twice.
   *
   * @param limits some of those in the first record of the process
   * @param now epoch milliseconds
   * @throws as `write`
   */
  claim(pid: string, limits: readonly LimitRecord[], now: number, epoch?: number): Promise<boolean>
  /**
   * Frees the places of a process that this host owns, except those of rates.
   * @throws as `write`
   */
  vacate(pid: string, limits: readonly LimitRecord[], epoch?: number): Promise<void>
  /**
   * Removes processes that were created before `createdBefore` and ended before `endedBefore`
   * (epoch milliseconds), without blocking the event loop. Returns how many.
   */
  expire(createdBefore: number, endedBefore: number): Promise<number>
  /** Ends the host. Other hosts may adopt the processes that it still owns. */
  close(): Promise<void>
}
