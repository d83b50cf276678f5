import type { Host, StoredProcess } from '../record/host.ts'
import type { Answer, Command, Refusal } from './command.ts'
import type { JournalLine, Json, LogEntry, ProcessRecord, ProcessStatus, StatusCounts } from '../record/record.ts'

export interface ListQuery {
  readonly status?: readonly ProcessStatus[] | undefined
  readonly name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** The chart of a definition: opaque to the store. */
export interface StoredChart {
  readonly name: string
  readonly version: string
  readonly shape: string
  readonly chart: Json
}

/** When a process is started by itself, as its hosts keep it. Times are epoch milliseconds. */
export interface StoredSchedule {
  readonly name: string
  /** For people: a cron pattern, or `every 60s`. */
  readonly schedule: string
  readonly timeZone?: string
  readonly missed: 'skip' | 'once'
  /** Ticks up to here have had their process, or will have none. */
  readonly settled: number
  /** The next tick; absent if there is none any more. */
  readonly next?: number
}

/** A journal that cannot be read. It is kept, told, and never stops other processes. */
export interface CorruptJournal {
  readonly pid: string
  readonly error: Error
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
  /** The charts of the definitions that hosts of this store know or knew. */
  charts(): Promise<StoredChart[]>
  /** The schedules of definitions that hosts of this store know or knew. */
  schedules(): Promise<StoredSchedule[]>
  /** Pids that begin so, at most `limit`. */
  find(prefix: string, limit: number): Promise<string[]>
  /** @throws ERR_NOT_ENDED while the process lives, ERR_UNKNOWN_PROCESS */
  delete(pid: string): Promise<void>
  hosts(): Promise<Host[]>
  /**
   * For people: takes every process from a host that they know to be gone (on another machine, say), so that the next host adopts them. One that
   * is alive after all loses its journals. Returns how many were taken.
   * @throws ERR_UNKNOWN_HOST; ERR_HOST_ALIVE if it answers here, unless `force`
   */
  adopt(hostId: string, force: boolean): Promise<number>

  /**
   * Puts a process that waits for a host into the store, and wakes the hosts. With a `key` that is taken, drops it and returns the pid that
   * has the key. Creates the store if need be.
   * @throws ERR_STORE_WRITE
   */
  submit(record: ProcessRecord): Promise<{ readonly pid: string; readonly created: boolean }>
  /**
   * Keeps a command for a live process until its host answers it, and wakes that host.
   * @throws ERR_STORE_WRITE
   */
  command(command: Command): Promise<void>
  /** What has become of a command. One that is not there was taken. */
  answer(pid: string, commandId: string): Promise<Answer>
  /** Takes a command back, or clears a refusal away that was read. */
  forget(pid: string, commandId: string): Promise<void>
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
  create(record: ProcessRecord): Promise<{ readonly pid: string; readonly created: boolean }>
  /**
   * Puts a process that has ended elsewhere into the store, with all its history and its log. Where the pid or the `key` is taken, does nothing
   * and returns the pid that has it.
   *
   * @param history what `Store.history` says: whole records, oldest first, the last one final
   * @throws ERR_STORE_WRITE, a TypeError if the process has not ended
   */
  import(history: readonly ProcessRecord[], log: readonly LogEntry[]): Promise<{ readonly pid: string; readonly created: boolean }>
  /**
   * Appends a line to a journal this host owns. A final status ends the journal: it moves to where ended ones are and no host owns it.
   * When the promise resolves the line is as safe as the store's durability says. Safe to call again with the same line after a rejection.
   * Returns `undefined` if the line is in the store already, so that there is nothing to wait for.
   * @throws ERR_STORE_WRITE
   */
  write(line: JournalLine): Promise<void> | undefined
  /** Adds to the log of a process this host owns, or of one that has ended. The log is capped: the oldest entries go. */
  log(pid: string, entry: LogEntry): Promise<void>
  /** Keeps the chart of a definition, so that viewers need no code. */
  define(chart: StoredChart): Promise<void>
  /** Keeps how far a schedule is settled; of one name the last one counts. */
  schedule(schedule: StoredSchedule): Promise<void>
  /** Takes over every process of dead hosts, and the released ones, that `accept` says yes to. Each goes to exactly one host. A function that said no is not asked again. */
  adopt(accept: (record: ProcessRecord) => boolean): AsyncIterable<AdoptedProcess>
  /** Who is told when somebody has put something into the store that this host may want: a hint, so a host looks now and then by itself. */
  onWake(listener: () => void): void
  /**
   * Takes over submitted processes that `accept` says yes to, oldest first, as long as it is iterated. Each goes to exactly one host. Those of
   * which `skip` says yes are not read.
   */
  take(accept: (record: ProcessRecord) => boolean, skip?: (pid: string) => boolean): AsyncIterable<ProcessRecord>
  /**
   * Replaces the first record of a process that this host has taken and not written to yet: now it is known what it is.
   * Safe to call again after a rejection.
   */
  complete(record: ProcessRecord): Promise<void>
  /** The commands that wait for processes this host owns, oldest first. What is no command is put aside and told. */
  commands(onGarbage: (error: Error) => void): Promise<Command[]>
  /**
   * Answers a command for good, in one step that a kill cannot halve: without a `refusal` it was taken, and the record that carries its id
   * is in the store.
   */
  answer(pid: string, commandId: string, refusal?: Refusal): Promise<void>
  /** Gives a process up, so that the next host that adopts takes it at once. Not a death. */
  release(pid: string): Promise<void>
  /** Removes processes created before `createdBefore` and ended before `endedBefore` (epoch ms), without blocking the event loop. Returns how many. */
  expire(createdBefore: number, endedBefore: number): Promise<number>
  /** The host is gone: whatever it still owns may be adopted. */
  close(): Promise<void>
}

export interface AdoptedProcess {
  readonly record: ProcessRecord
  /** True when its last host let it go in order; false when that host died. */
  readonly released: boolean
}
