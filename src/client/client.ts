import type { ProceedData, ProcessDefinition, ProcessEvent, ProcessOutput, ProcessStep } from '../record/definition.ts'
import type { HistoryEntry, ProcessInfo } from '../record/info.ts'
import type { ProcessStatus, StatusCounts } from '../record/record.ts'
import type { Host } from '../record/host.ts'
import type { CorruptJournal } from '../store/store.ts'

/** Which processes to list. */
export interface ListOptions {
  /** One status or several. */
  readonly status?: ProcessStatus | readonly ProcessStatus[] | undefined
  readonly name?: string | undefined
  /** Processes that have all of these labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** At most so many. Default: all. */
  readonly limit?: number | undefined
  /** Told of each journal that cannot be read; the list goes on. Without it they are left out. */
  readonly onCorrupt?: ((journal: CorruptJournal) => void) | undefined
}

/** Which processes to watch. */
export interface WatchAllOptions extends WaitOptions {
  readonly filter?: Pick<ListOptions, 'name' | 'labels'> | undefined
}

/** Ends a wait: the promise rejects with the signal's reason. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
}

export interface LogOptions extends WaitOptions {
  readonly follow?: boolean | undefined
}

/** One thing a step said with `log()`. */
export interface LogInfo {
  /** ISO 8601. */
  readonly at: string
  readonly step: string
  readonly attempt: number
  readonly message: string
  readonly fields?: unknown
}

/** What may be said of a process when it is submitted. */
export interface SubmitOptions {
  /** Idempotency key: the same key always means the same process; a second submit or start with it returns the first one. */
  readonly key?: string | undefined
  /** Facts to find the process by. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

export interface ForkOptions<Step extends string = string> {
  /** The step to begin with again. Default: the one in which the process failed or was stopped. */
  readonly from?: Step | undefined
}

export interface AdoptOptions {
  /** Even if the host answers: it then loses its journals. */
  readonly force?: boolean | undefined
}

/** 'taken': done, and in the store. 'kept': no host that is alive has the process; it is done as soon as one takes it up. */
export type Steered = 'taken' | 'kept'

/** When a process is started by itself. Times are ISO 8601. */
export interface ScheduleInfo {
  readonly name: string
  /** A cron pattern, or `every 60s`. */
  readonly schedule: string
  readonly timeZone?: string
  /** What becomes of ticks that pass while no host is there. */
  readonly missed: 'skip' | 'once'
  /** The next tick; in the past if no host is there. */
  readonly next?: string
}

/** Reads and steers processes from any Node process, through the store alone. Needs no definitions. */
export interface Client {
  /** The process as it is now; `undefined` if there is none with this pid. */
  get(pid: string): Promise<ProcessInfo | undefined>
  /**
   * Processes, newest first.
   * @example for await (const { pid, status } of client.list({ name: 'import-dump', limit: 20 })) console.log(pid, status)
   */
  list(options?: ListOptions): AsyncIterable<ProcessInfo>
  /** How many processes there are of each status, those that cannot be read left out. */
  counts(): Promise<StatusCounts>
  /**
   * The process as it is, then each change; ends when the process has ended.
   * @throws ERR_UNKNOWN_PROCESS
   */
  watch(pid: string, options?: WaitOptions): AsyncIterable<ProcessInfo>
  /**
   * Every process that fits: those that live as they are, then each change of any, and those that begin later, to their end. Ends when
   * `signal` aborts. Of changes in quick succession only the last may be reported; all are within a second.
   * @example for await (const { pid, status } of client.watchAll({ filter: { name: 'import-dump' }, signal })) console.log(pid, status)
   */
  watchAll(options?: WatchAllOptions): AsyncIterable<ProcessInfo>
  /**
   * Waits for the output, also through the death of a host.
   * @throws ProcessError, ProcessTimeoutError, ProcessCancelledError; ERR_UNKNOWN_PROCESS if there is no such process, or it was deleted
   */
  result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(pid: string, options?: WaitOptions): Promise<ProcessOutput<D>>
  /**
   * Every record of the journal, oldest first.
   * @throws ERR_UNKNOWN_PROCESS
   */
  history(pid: string): Promise<HistoryEntry[]>
  /**
   * Puts a process into the store for a worker: `createRuntime({ worker: true })` or `stepwright work`. Resolves with its pid; it is pending
   * until a worker that knows the definition takes it. The worker checks the input: one that does not fit ends the process in `error`
   * (ERR_INVALID_INPUT).
   * @throws ERR_NOT_JSON, ERR_RECORD_TOO_LARGE, ERR_STORE_WRITE
   * @example const pid = await client.submit('import-dump', { file: 'dump.xml' }, { key: 'dump.xml' })
   */
  submit(name: string, input?: unknown, options?: SubmitOptions): Promise<string>
  /**
   * Ends a process in `cancelled`, whatever it is doing.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED
   */
  cancel(pid: string, reason?: string): Promise<Steered>
  /**
   * Lets an interrupted process go on. A plain object is merged into the paused step's output, anything else replaces it, none keeps it. Of
   * two that let the same step go on at once, one does and the other is told.
   * @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_ALREADY_ENDED, ERR_INVALID_INPUT, ERR_NOT_JSON
   */
  proceed<D extends ProcessDefinition = ProcessDefinition>(pid: string, data?: ProceedData<D>): Promise<Steered>
  /**
   * Sends an event to the machine of the machine step the process is in.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED, ERR_EVENT_REFUSED if it is in none, ERR_UNKNOWN_EVENT (the step is strict), ERR_NOT_JSON
   */
  send<D extends ProcessDefinition = ProcessDefinition>(pid: string, event: ProcessEvent<D>): Promise<Steered>
  /**
   * Begins a new process where a step of another one began, with the data it had then: to retry a failed process from its failed step, or to try
   * a step again with other code. Top-level steps only. Any host that knows the definition takes it.
   * @returns the new pid; its `forkedFrom` names the other one
   * @throws ERR_UNKNOWN_PROCESS, ERR_UNKNOWN_STEP
   */
  fork<D extends ProcessDefinition = ProcessDefinition>(pid: string, options?: ForkOptions<ProcessStep<D>>): Promise<string>
  /**
   * Removes an ended process, and the processes it has started.
   * @throws ERR_NOT_ENDED, ERR_UNKNOWN_PROCESS
   */
  delete(pid: string): Promise<void>
  /**
   * What the steps of a process have logged, oldest first. With `follow`, then every later entry until the process has ended.
   * @throws ERR_UNKNOWN_PROCESS
   * @example for await (const { at, step, message } of client.logs(pid, { follow: true })) console.log(at, step, message)
   */
  logs(pid: string, options?: LogOptions): AsyncIterable<LogInfo>
  /** Processes that are started by themselves, and when next: as their hosts have noted. */
  schedules(): Promise<ScheduleInfo[]>
  /** Pids that begin with `prefix`, at most `limit` (default 2: enough to tell whether it is unique). */
  find(prefix: string, limit?: number): Promise<string[]>
  /** The runtimes of this store, dead ones too as long as they left something behind. */
  hosts(): Promise<Host[]>
  /**
   * For people: takes the processes of a host that they know to be gone and that cannot be seen to be dead from here (on another machine), so
   * that the next host goes on with them. Returns how many.
   * @throws ERR_UNKNOWN_HOST, ERR_HOST_ALIVE
   */
  adopt(hostId: string, options?: AdoptOptions): Promise<number>
  /** Ends every wait of this client with ERR_CLIENT_CLOSED. A store that was given to `openClient` stays open. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
