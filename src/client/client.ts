import type { ProcessDefinition, ProcessOutput } from '../steps/definition.ts'
import type { HistoryEntry, ProcessInfo } from '../store/info.ts'
import type { ProcessStatus } from '../store/record.ts'
import type { CorruptJournal, Host } from '../store/store.ts'

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

/** Reads processes from any Node process, through the store alone. Needs no definitions. */
export interface Client {
  /** The process as it is now; `undefined` if there is none with this pid. */
  get(pid: string): Promise<ProcessInfo | undefined>
  /**
   * Processes, newest first.
   * @example for await (const { pid, status } of client.list({ name: 'import-dump', limit: 20 })) console.log(pid, status)
   */
  list(options?: ListOptions): AsyncIterable<ProcessInfo>
  /**
   * The process as it is, then each change; ends when the process has ended.
   * @throws ERR_UNKNOWN_PROCESS
   */
  watch(pid: string, options?: WaitOptions): AsyncIterable<ProcessInfo>
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
  /** Pids that begin with `prefix`, at most `limit` (default 2: enough to tell whether it is unique). */
  find(prefix: string, limit?: number): Promise<string[]>
  /** Ends every wait of this client with ERR_CLIENT_CLOSED. A store that was given to `openClient` stays open. */
  /** The runtimes of this store, dead ones too as long as they left something behind. */
  hosts(): Promise<Host[]>
  /**
   * For people: takes the processes of a host that they know to be gone and that cannot be seen to be dead from here (on another machine), so
   * that the next host goes on with them. Returns how many.
   * @param options `force`: even if it answers. It then loses its journals.
   * @throws ERR_UNKNOWN_HOST, ERR_HOST_ALIVE
   */
  adopt(hostId: string, options?: { readonly force?: boolean | undefined }): Promise<number>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
