import type { ProceedData, ProcessDefinition, ProcessEvent, ProcessOutput, ProcessStep } from '../record/definition.ts'
import type { Duration } from '../record/duration.ts'
import type { HistoryEntry, PendingCommandInfo, ProcessInfo } from '../record/info.ts'
import type { MemoryInfo } from '../record/memory-info.ts'
import type { Json, ProcessStatus, StatusCounts } from '../record/record.ts'
import type { Host } from '../record/host.ts'
import type { CorruptJournal } from '../store/store.ts'
import type { StepwrightError } from '../errors.ts'
import type { StreamPart } from './read-stream.ts'

/** Which processes to list: those that fit all of these. */
export interface ListOptions {
  /** One status or several. */
  readonly status?: ProcessStatus | readonly ProcessStatus[] | undefined
  /** The name of their definition. */
  readonly name?: string | undefined
  /** Labels that a process must have, all of them. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Created at this time or later. */
  readonly since?: Date | undefined
  /** Created before this time. */
  readonly before?: Date | undefined
  /** Text in the name, the code or the message of the error, in any case. */
  readonly error?: string | undefined
  /**
   * Whether another process tries it again. `{ status: ['error', 'timeout'], retried: false }`
   * lists the failures that are open.
   */
  readonly retried?: boolean | undefined
  /** At most this many. Default: all. */
  readonly limit?: number | undefined
  /** Called with each journal that cannot be read. The list continues without it. */
  readonly onCorrupt?: ((journal: CorruptJournal) => void) | undefined
}

/** Which processes to watch. */
export interface WatchAllOptions extends WaitOptions {
  /** Default: all processes. */
  readonly filter?: Pick<ListOptions, 'name' | 'labels'> | undefined
}

/** Options of everything that waits. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** Options of `logs`. */
export interface LogOptions extends WaitOptions {
  /** Whether to continue with later entries until the process has ended. Default false. */
  readonly follow?: boolean | undefined
}

/** Options of `stream`. */
export interface StreamOptions extends WaitOptions {
  /** The first offset that is wanted. Default 0. */
  readonly from?: number | undefined
}

/** One entry that a step added with `log()`. */
export interface LogInfo {
  /** ISO 8601. */
  readonly at: string
  readonly step: string
  readonly attempt: number
  readonly message: string
  readonly fields?: unknown
}

/** Options of `submit`. */
export interface SubmitOptions extends QueueOptions {
  /**
   * An idempotency key of at most 1024 characters. The same key always means the same process: a
   * second submit or start returns the first one.
   */
  readonly key?: string | undefined
  /** Strings by which to find the process, such as `{ customer: 'ada' }`. At most 16 KiB. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** One process of `submitMany`. */
export interface Submission extends SubmitOptions {
  /** Of its definition. */
  readonly name: string
  readonly input?: unknown
}

/** When a process begins, and before which others. */
export interface QueueOptions {
  /** How long to wait before it begins, or a date. Until then it is pending, over restarts. */
  readonly delay?: Duration | Date | undefined
  /**
   * An integer from -100 to 100. Of the processes that wait, those with the highest priority begin
   * first, and of these the oldest. Default 0.
   */
  readonly priority?: number | undefined
}

/** Options of `proceed`. */
export interface ProceedOptions {
  /**
   * What the answer is for: the name that the step gave to `waitFor`, or the name of a paused step.
   * Default: the one thing that the process waits for.
   */
  readonly name?: string | undefined
}

/** Options of `send` that waits until the machine has taken the event. */
export interface SendOptions extends WaitOptions {
  readonly wait: true
}

/** Options of `fork`. */
export interface ForkOptions<Step extends string = string> {
  /** The step to begin with. Default: the step in which the process failed or was stopped. */
  readonly from?: Step | undefined
  /**
   * The step forgets what it remembers, and does all of it again; a machine that failed begins
   * instead of going on from its newest state. Default false.
   */
  readonly fresh?: boolean | undefined
  /**
   * Of an each or a parallel step, only the items or branches run that failed or had not ended; the
   * outputs of the others stay. `from` is then also found where a step kept its failures. Default
   * false.
   */
  readonly failed?: boolean | undefined
}

/**
 * Which processes `cancelAll`, `retryAll` and `deleteAll` are for: those that fit all of these. An
 * empty object means every process for which it can be done.
 */
export type BulkQuery = Pick<ListOptions, 'status' | 'name' | 'labels' | 'since' | 'before' | 'error'>

/** Options of `cancelAll`, `retryAll` and `deleteAll`. */
export interface BulkOptions extends WaitOptions {
  /** Only says which processes it would be done to. Default false. */
  readonly dryRun?: boolean | undefined
}

/** Options of `cancel`. */
export interface CancelOptions {
  /**
   * Whether to end a process here and now that no living host has, without its definition: to empty
   * or move a store without the application. Nothing is undone. Default false.
   */
  readonly now?: boolean | undefined
}

/** Options of `cancelAll`. */
export interface CancelAllOptions extends BulkOptions, CancelOptions {
  /** The reason, for the errors of the processes. */
  readonly reason?: string | undefined
}

/** What `cancelAll`, `retryAll` or `deleteAll` has done to one process. */
export interface BulkStep {
  readonly pid: string
  readonly name: string
  /** As it was found. */
  readonly status: ProcessStatus
  /**
   * 'taken' or 'kept' (see `cancel`), 'retried' or 'deleted'; 'over' if there was nothing left to
   * do, because it ended or was deleted meanwhile; 'failed' if it could not be done. Absent in a
   * dry run.
   */
  readonly outcome?: Steered | 'retried' | 'deleted' | 'over' | 'failed'
  /** The process that tries this one again. */
  readonly retriedBy?: string
  /** Why it could not be done. */
  readonly error?: StepwrightError
  /** How many processes are done, with this one, and how many there are. */
  readonly done: number
  readonly total: number
}

/** Options of `adopt`. */
export interface AdoptOptions {
  /** Take the processes even if the host answers, which then loses them. Default false. */
  readonly force?: boolean | undefined
}

/**
 * What became of a command. 'taken': it is done and on record. 'kept': it is in the store and
 * will be done later: by the next host that adopts the process, if no living one has it; or when
 * the step that takes it begins, if an event or an answer came early.
 */
export type Steered = 'taken' | 'kept'

/** When processes of a definition start by themselves. Times are ISO 8601. */
export interface ScheduleInfo {
  readonly name: string
  /** A cron pattern, or `every 60s`. */
  readonly schedule: string
  readonly timeZone?: string
  /**
   * What happens to ticks that pass while no host is there: they are skipped, or the last one is
   * caught up with once.
   */
  readonly missed: 'skip' | 'once'
  /** The next tick. It is in the past if no host is there. */
  readonly next?: string
  /** Nothing of this definition begins: see `pause`. */
  readonly paused?: true
}

/** A definition of which nothing begins. `since` is ISO 8601. */
export interface PauseInfo {
  readonly name: string
  readonly since: string
}

/** Reads and steers processes from any Node process, through the store. It needs no definitions. */
export interface Client {
  /** The process as it is now, or `undefined` if the store has no process with this pid. */
  get(pid: string): Promise<ProcessInfo | undefined>
  /**
   * Lists processes, newest first.
   * @example for await (const { pid, status } of client.list({ name: 'import-dump', limit: 20 })) console.log(pid, status)
   */
  list(options?: ListOptions): AsyncIterable<ProcessInfo>
  /** How many processes there are of each status. Processes that cannot be read do not count. */
  counts(): Promise<StatusCounts>
  /**
   * The process as it is, then each change, until the process has ended.
   * @throws ERR_UNKNOWN_PROCESS
   * @example for await (const { status } of client.watch(pid)) console.log(status)
   */
  watch(pid: string, options?: WaitOptions): AsyncIterable<ProcessInfo>
  /**
   * All live processes that fit as they are, then each change of any process, also of those that
   * begin later, until `signal` aborts. Changes are reported within a second. Of changes in quick
   * succession, only the last may be reported.
   * @example for await (const { pid, status } of client.watchAll({ filter: { name: 'import-dump' }, signal })) console.log(pid, status)
   */
  watchAll(options?: WatchAllOptions): AsyncIterable<ProcessInfo>
  /**
   * Waits for the output, also through the death of a host.
   * @throws ProcessError, ProcessTimeoutError, ProcessCancelledError; ERR_UNKNOWN_PROCESS if there
   * is no such process, or it was deleted
   * @example const { rows } = await client.result<typeof importDump>(pid)
   */
  result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(
    pid: string,
    options?: WaitOptions,
  ): Promise<ProcessOutput<D>>
  /**
   * The process as of every record of its journal, oldest first. A journal past 8 MiB is compacted:
   * it keeps where each step began, commands, and the newest records.
   * @throws ERR_UNKNOWN_PROCESS
   */
  history(pid: string): Promise<HistoryEntry[]>
  /**
   * Puts a process into the store for a worker (`createRuntime({ worker: true })` or `stepwright
   * work`), and resolves with its pid. The process is pending until a worker that knows the
   * definition takes it. The worker checks the input: if it does not fit, the process ends in
   * `error` (ERR_INVALID_INPUT).
   * @throws ERR_NOT_JSON, ERR_RECORD_TOO_LARGE, ERR_STORE_WRITE
   * @example const pid = await client.submit('import-dump', { file: 'dump.xml' }, { key: 'dump.xml' })
   */
  submit(name: string, input?: unknown, options?: SubmitOptions): Promise<string>
  /**
   * Submits many processes at once: several times as fast as one by one. Stores in SQLite and
   * PostgreSQL keep all of them or none.
   * @returns the pids, in the same order
   * @throws as `submit`; a `SubmitError` that says which processes are in the store, if some are
   * @example const pids = await client.submitMany(files.map(file => ({ name: 'import-dump', input: { file } })))
   */
  submitMany(processes: readonly Submission[]): Promise<string[]>
  /**
   * Ends a process in `cancelled`, whatever it is doing.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED; with `now`: ERR_HOST_ALIVE
   */
  cancel(pid: string, reason?: string, options?: CancelOptions): Promise<Steered>
  /**
   * Continues an interrupted process. A plain object is merged into the output of the paused step,
   * any other value replaces it, and without data it stays as it is. If two callers proceed the
   * same pause, one succeeds and the other gets ERR_NOT_INTERRUPTED. An answer may come before its
   * pause: it is kept for the next one, or for the one of its `name`.
   * @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_ALREADY_ENDED, ERR_INVALID_INPUT,
   * ERR_NOT_JSON; ERR_NAME_REQUIRED if the process waits for several things
   * @example await client.proceed(pid, { by: 'ada' }, { name: 'approval' })
   */
  proceed<D extends ProcessDefinition = ProcessDefinition>(pid: string, data?: ProceedData<D>): Promise<Steered>
  proceed(pid: string, data: unknown, options: ProceedOptions): Promise<Steered>
  /**
   * Sends an event to the machine of the machine step that the process is in, or comes to next:
   * until then it is kept, in order, with up to 999 others.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED, ERR_EVENT_REFUSED if it is in no machine step
   * and comes to none, ERR_UNKNOWN_EVENT if the step is strict, ERR_NOT_JSON
   *
   * With `wait`, resolves when the record of the machine that took the event is in the store, with
   * the state value of the machine then, however long that takes.
   * @example await client.send(pid, { type: 'APPROVE', by: 'ada' })
   */
  send<D extends ProcessDefinition = ProcessDefinition>(pid: string, event: ProcessEvent<D>): Promise<Steered>
  send<D extends ProcessDefinition = ProcessDefinition>(
    pid: string,
    event: ProcessEvent<D>,
    options: SendOptions,
  ): Promise<Json>
  /**
   * Takes back what was asked of a process and waits: for a host, or for the step that takes it. A
   * command that a host is doing at this moment may be done all the same.
   * @param id of one command, as `pendingCommands` of the process has it. Default: all of them
   * @returns what was taken back, oldest first
   * @throws ERR_UNKNOWN_PROCESS
   */
  withdraw(pid: string, id?: string): Promise<PendingCommandInfo[]>
  /**
   * Begins a new process where a step of another process began, with the data that the step
   * received: to try a failed process again after a repair, or a step with other code. Branches
   * cannot be forked. Any host that knows the definition takes the new process.
   * @returns the new pid. `forkedFrom` of the new process names the other one
   * @throws ERR_UNKNOWN_PROCESS, ERR_UNKNOWN_STEP
   */
  fork<D extends ProcessDefinition = ProcessDefinition>(
    pid: string,
    options?: ForkOptions<ProcessStep<D>>,
  ): Promise<string>
  /**
   * Tries a process again that has failed, was cancelled or has timed out: a new process begins
   * with the step that failed, or anew if none had begun. It has the labels of the other one.
   * `retryOf` and `retriedBy` link the two. A process is retried once: later calls return the same
   * pid.
   * @returns the pid of the new process
   * @throws ERR_UNKNOWN_PROCESS, ERR_NOT_ENDED, ERR_NOT_FAILED
   * @example const again = await client.retry(pid)
   */
  retry(pid: string): Promise<string>
  /**
   * Cancels all processes that fit and have not ended, newest first. The result has to be iterated:
   * it says what was done as it is done. Ends early when `signal` aborts or the loop is left.
   * @example for await (const { pid, done, total } of client.cancelAll({ name: 'import-dump' })) console.log(pid, `${done}/${total}`)
   */
  cancelAll(query: BulkQuery, options?: CancelAllOptions): AsyncIterable<BulkStep>
  /**
   * Retries all processes that fit and have not been retried, oldest first. Default of `status`:
   * error and timeout. Child processes are left out: the retry of their parent starts new ones. The
   * result has to be iterated, as that of `cancelAll`. If it is interrupted, call it again: no
   * process is retried twice.
   * @example for await (const { retriedBy } of client.retryAll({ since: new Date(Date.now() - 3_600_000) })) console.log(retriedBy)
   */
  retryAll(query: BulkQuery, options?: BulkOptions): AsyncIterable<BulkStep>
  /**
   * Removes all processes that fit and have ended. The result has to be iterated, as that of
   * `cancelAll`.
   */
  deleteAll(query: BulkQuery, options?: BulkOptions): AsyncIterable<BulkStep>
  /**
   * Removes a process that has ended, and its child processes.
   * @throws ERR_NOT_ENDED, ERR_UNKNOWN_PROCESS
   */
  delete(pid: string): Promise<void>
  /**
   * What the steps of a process remember: what they did with `once`, and the answers they waited
   * for, newest last.
   * @throws ERR_UNKNOWN_PROCESS
   */
  memories(pid: string): Promise<MemoryInfo[]>
  /**
   * What the steps of a process logged, oldest first. With `follow`, later entries follow until the
   * process has ended.
   * @throws ERR_UNKNOWN_PROCESS
   * @example for await (const { at, step, message } of client.logs(pid, { follow: true })) console.log(at, step, message)
   */
  logs(pid: string, options?: LogOptions): AsyncIterable<LogInfo>
  /**
   * What the steps of a process wrote with `write()`, and what they write until the process has
   * ended. The stream is limited in size like a log: old chunks may be gone, and then offsets are
   * left out.
   * @throws ERR_UNKNOWN_PROCESS
   * @example
   * for await (const part of client.stream(pid, { from })) {
   *   if (part.reset) text = ''
   *   else text += part.chunk
   *   from = part.offset + 1
   * }
   */
  stream(pid: string, options?: StreamOptions): AsyncIterable<StreamPart>
  /**
   * The processes that start by themselves, and when they start next, as their hosts recorded it.
   */
  schedules(): Promise<ScheduleInfo[]>
  /**
   * Starts a process of a schedule now, whatever its next tick is. A host that knows the definition
   * takes it, worker or not.
   * @returns the pid
   * @throws ERR_UNKNOWN_SCHEDULE, ERR_STORE_WRITE
   */
  runSchedule(name: string): Promise<string>
  /**
   * Lets nothing of a definition begin on any host, until `resume`: processes stay pending, and
   * ticks of its schedule are missed. What has begun goes on. Hosts follow within milliseconds, one
   * that does not hear of it within a second.
   */
  pause(name: string): Promise<void>
  /** Ends a pause: what waited begins. */
  resume(name: string): Promise<void>
  /** The definitions that are paused. */
  paused(): Promise<PauseInfo[]>
  /**
   * The process that has an idempotency key, so that whoever knows the key alone can steer it.
   * @example await client.send((await client.byKey('order-7'))!.pid, { type: 'PAID' })
   */
  byKey(key: string): Promise<ProcessInfo | undefined>
  /**
   * Pids that begin with `prefix`, at most `limit` of them (default 2: enough to see whether the
   * prefix is unique).
   */
  find(prefix: string, limit?: number): Promise<string[]>
  /** The hosts of this store, with dead ones that still own something. */
  hosts(): Promise<Host[]>
  /**
   * Takes the processes of a host that you know to be gone, so that the next host continues them,
   * and returns how many. It is needed only for hosts on other machines, which cannot be seen to be
   * dead from here.
   * @throws ERR_UNKNOWN_HOST, ERR_HOST_ALIVE
   */
  adopt(hostId: string, options?: AdoptOptions): Promise<number>
  /**
   * Ends every wait of this client with ERR_CLIENT_CLOSED. A store that was given to `openClient`
   * stays open.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
