import type { Host, StoredProcess } from '../record/host.ts'
import type { JournalLine, LogEntry, ProcessRecord, ProcessStatus, StatusCounts } from '../record/record.ts'
import type { Documents } from './documents.ts'

export interface ListQuery {
  readonly status?: readonly ProcessStatus[] | undefined
  readonly name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** A journal that cannot be read. It is kept, told, and never stops other processes. */
export interface CorruptJournal {
  readonly pid: string
  readonly error: Error
}

/** The pid of a process that was to be created; with a key that was taken, of the one that has the key. */
export interface Created {
  readonly pid: string
  readonly created: boolean
}

export interface AdoptedProcess {
  readonly record: ProcessRecord
  /** True when its last host let it go in order; false when that host died. */
  readonly released: boolean
}

/**
 * Where journals live: the only thing that hosts and clients share. Knows nothing of machines or definitions.
 * The conformance suite in `stepwright/testing` is the contract in full.
 */
export interface Store {
  /** An absolute path or a word, for messages. */
  readonly location: string
  /** No record, input or output may be larger, in bytes of JSON. */
  readonly maxRecordBytes: number
  /** Charts, schedules, commands and the cards of hosts. */
  readonly documents: Documents

  /** Registers a host, so that it can own processes. Creates the store if need be. */
  openHost(): Promise<HostStore>

  /** @throws ERR_STORE_MISSING if there is no such store, ERR_STORE_CORRUPT, ERR_STORE_READ, ERR_STORE_VERSION, ERR_STORE_ACCESS */
  get(pid: string): Promise<StoredProcess | undefined>
  /** Newest first. Corrupt journals are handed to `onCorrupt` (or skipped) and the list goes on. */
  list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncIterable<StoredProcess>
  /** How many processes there are of each status. Corrupt journals are left out. */
  counts(): Promise<StatusCounts>
  /** Every line of the journal, oldest first, each folded into a whole record. `undefined`: no such process. */
  history(pid: string): Promise<ProcessRecord[] | undefined>
  /**
   * The newest record, then every later one as it is written; ends after a final one or when `signal` aborts (without a throw).
   * @throws ERR_UNKNOWN_PROCESS if it is not there, or no longer
   */
  follow(pid: string, signal?: AbortSignal): AsyncIterable<StoredProcess>
  /**
   * What the process has logged, oldest first, as far as the log's cap has kept it. With `follow`, then every later entry until the process
   * has ended or `signal` aborts.
   * @throws ERR_UNKNOWN_PROCESS
   */
  logs(pid: string, options?: { readonly follow?: boolean; readonly signal?: AbortSignal | undefined }): AsyncIterable<LogEntry>
  /**
   * What happens in the whole store, for viewers: the first batch is every pid there is, newest first; each later one those whose processes
   * have come, changed, moved to another owner, or gone since. Told within a second, and never one pid twice in a batch; `get` tells what is
   * so now. Logs need not count. Ends when `signal` aborts (without a throw).
   */
  changes(signal?: AbortSignal): AsyncIterable<readonly string[]>
  /** Pids that begin so, at most `limit`. */
  find(prefix: string, limit: number): Promise<string[]>
  /** @throws ERR_NOT_ENDED while the process lives, ERR_UNKNOWN_PROCESS */
  delete(pid: string): Promise<void>
  hosts(): Promise<Host[]>
  /**
   * For people: takes every process from a host that they know to be gone (on another machine, say), so that the next host adopts them. A host
   * that is alive after all loses its journals. Returns how many were taken.
   * @throws ERR_UNKNOWN_HOST; ERR_HOST_ALIVE if it answers here, unless `force`
   */
  adopt(hostId: string, force: boolean): Promise<number>

  /**
   * Puts a process that waits for a host into the store, and wakes the hosts. With a `key` that is taken, drops it and returns the pid that
   * has the key. Creates the store if need be.
   * @throws ERR_STORE_WRITE
   */
  submit(record: ProcessRecord): Promise<Created>
  /** Tells a host that there may be something in the store for it. Best effort: hosts also poll. */
  wake(hostId: string): Promise<void>
  /** Lets go of whatever the reading side holds open. */
  close(): Promise<void>
}

/** A host's side of a store: it alone writes the journals it owns. */
export interface HostStore {
  readonly hostId: string
  /**
   * Puts a new process into the store, owned by this host. With a `key` that is taken, drops it and returns the pid that has the key.
   * @throws ERR_STORE_WRITE
   */
  create(record: ProcessRecord): Promise<Created>
  /**
   * Puts a process that has ended elsewhere into the store, with all its history and its log. Where the pid or the `key` is taken, does nothing
   * and returns the pid that has it.
   *
   * @param history what `Store.history` says: whole records, oldest first, the last one final
   * @throws ERR_STORE_WRITE, a TypeError if the process has not ended
   */
  import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<Created>
  /**
   * Appends a line to a journal this host owns. A final status ends the journal: it moves to where ended ones are and no host owns it.
   * When the promise resolves the line is as safe as the store's durability says. Safe to call again with the same line after a rejection.
   * Returns `undefined` if the line is in the store already, so that there is nothing to wait for.
   * @throws ERR_STORE_WRITE
   */
  write(line: JournalLine): Promise<void> | undefined
  /** Adds to the log of a process this host owns, or of one that has ended. The log is capped: the oldest entries go. */
  log(pid: string, entry: LogEntry): Promise<void>
  /**
   * Takes over every process of dead hosts, and the released ones, that `accept` says yes to. Each goes to exactly one host. Those that `skip`
   * says yes to are not read.
   *
   * @param accept its second argument is the process's owner: a host's id, or 'released'
   */
  adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip?: (pid: string, owner: string) => boolean,
  ): AsyncIterable<AdoptedProcess>
  /** Sets the callback for "there may be something in the store for this host". Best effort: hosts also poll. */
  onWake(listener: () => void): void
  /**
   * Takes over submitted processes that `accept` says yes to, oldest first, as long as it is iterated. Each goes to exactly one host. Those
   * that `skip` says yes to are not read.
   */
  take(accept: (record: ProcessRecord) => boolean, skip?: (pid: string) => boolean): AsyncIterable<ProcessRecord>
  /**
   * Replaces the first record of a process that this host has taken and not written to yet: now it is known what it is.
   * Safe to call again after a rejection.
   */
  complete(record: ProcessRecord): Promise<void>
  /** Gives a process up, so that the next host that adopts takes it at once. Not a death. */
  release(pid: string): Promise<void>
  /** Removes processes created before `createdBefore` and ended before `endedBefore` (epoch ms), without blocking the event loop. Returns how many. */
  expire(createdBefore: number, endedBefore: number): Promise<number>
  /** The host is gone: whatever it still owns may be adopted. */
  close(): Promise<void>
}
