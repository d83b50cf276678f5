import type { Json } from '../record/record.ts'
import type {
  BulkOptions,
  BulkQuery,
  CancelAllOptions,
  CancelOptions,
  Client,
  ForkOptions,
  ListOptions,
  LogOptions,
  ProceedOptions,
  SendOptions,
  Steered,
  Submission,
  StreamOptions,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from '../client/client.ts'
import type { ProcessInfo } from '../record/info.ts'
import type { Given, ProceedData, ProcessDefinition, ProcessInput, ProcessOutput } from '../record/definition.ts'
import { planOf } from '../steps/plan.ts'
import type { RuntimeEvents } from './events.ts'
import type { ProcessHandle } from './handle.ts'
import type { Host } from './host/host.ts'
import { checkCloseOptions, type CloseOptions, type StartManyOptions, type StartOptions } from './options.ts'

/**
 * The object through which an application starts, steers and closes processes. It is also a client
 * of its store.
 */
export interface Runtime extends Omit<Client, 'close'> {
  /**
   * Starts a process. When the promise resolves, the process is in the store.
   * @throws ERR_INVALID_INPUT, ERR_NOT_JSON, ERR_RECORD_TOO_LARGE, ERR_UNKNOWN_DEFINITION,
   * ERR_STORE_WRITE, ERR_RUNTIME_CLOSED
   * @example const job = await runtime.start(importDump, { file: 'dump.xml' }, { key: 'dump.xml' })
   */
  start<D extends ProcessDefinition>(
    definition: D,
    ...given: Given<ProcessInput<D>, [options?: StartOptions]>
  ): Promise<ProcessHandle<ProcessOutput<D>, D>>
  /**
   * Starts many processes of a definition at once: several times as fast as one by one. They wait
   * in the store until a host that knows the definition begins them, this one or another. Stores in
   * SQLite and PostgreSQL keep all of them or none.
   * @throws as `start`; a `SubmitError` that says which processes are in the store, if some are
   * @example const jobs = await runtime.startMany(importDump, files.map(file => ({ file })))
   */
  startMany<D extends ProcessDefinition>(
    definition: D,
    inputs: readonly ProcessInput<D>[],
    options?: StartManyOptions,
  ): Promise<ProcessHandle<ProcessOutput<D>, D>[]>
  /**
   * Ends a process in `cancelled`, whatever it is doing.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED
   */
  cancel(pid: string, reason?: string, options?: CancelOptions): Promise<Steered>
  /**
   * Continues an interrupted process. A plain object is merged into the output of the paused step,
   * any other value replaces it, and without data it stays as it is.
   * @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT, ERR_NOT_JSON
   */
  proceed<D extends ProcessDefinition = ProcessDefinition>(pid: string, data?: ProceedData<D>): Promise<Steered>
  proceed(pid: string, data: unknown, options: ProceedOptions): Promise<Steered>
  /**
   * Calls a listener with what happens on this host from now on: changes of its processes,
   * adoptions, refused commands, failures of the store. Returns a function that removes the
   * listener. A listener that throws harms nobody.
   * @example runtime.on('process', ({ pid, status }) => console.log(pid, status))
   */
  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void
  /**
   * Resolves when a worker is done (see `WorkerOptions`) and no process on this host runs, sleeps
   * or waits to begin. After `close` it resolves at once.
   */
  idle(): Promise<void>
  /**
   * Aborts the signals of the steps under way and waits for them, at most `within` (default '10s').
   * The next host continues the processes that have not ended.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * The documented methods of a runtime, and nothing else: what it runs itself its host does, what it
 * does not it reads and steers through the store, as any client.
 */
export class HostRuntime implements Runtime {
  readonly #host: Host
  readonly #client: Client

  constructor(host: Host) {
    this.#host = host
    this.#client = host.client
  }

  async start<D extends ProcessDefinition>(
    definition: D,
    input?: ProcessInput<D>,
    options: StartOptions = {},
  ): Promise<ProcessHandle<ProcessOutput<D>, D>> {
    return this.#host.start(planOf(definition), input, options)
  }
  async startMany<D extends ProcessDefinition>(
    definition: D,
    inputs: readonly ProcessInput<D>[],
    options: StartManyOptions = {},
  ): Promise<ProcessHandle<ProcessOutput<D>, D>[]> {
    return this.#host.startMany(planOf(definition), inputs, options)
  }
  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void {
    return this.#host.events.on(name, listener)
  }
  idle(): Promise<void> {
    return this.#host.idle()
  }
  async close(options: CloseOptions = {}): Promise<void> {
    return this.#host.close(checkCloseOptions(options))
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async cancel(pid: string, reason?: string, options?: CancelOptions): Promise<Steered> {
    if (options?.now) return this.#client.cancel(pid, reason, options)
    return this.#host.steeringHandle(pid).cancel(reason)
  }
  async proceed(pid: string, data?: unknown, options: ProceedOptions = {}): Promise<Steered> {
    return this.#host.steeringHandle(pid).proceed(data, options)
  }
  async send(pid: string, event: { readonly type: string }): Promise<Steered>
  async send(pid: string, event: { readonly type: string }, options: SendOptions): Promise<Json>
  async send(pid: string, event: { readonly type: string }, options?: SendOptions): Promise<Json> {
    const handle = this.#host.steeringHandle(pid)
    return options === undefined ? handle.send(event) : handle.send(event, options)
  }

  submit(name: string, input?: unknown, options?: SubmitOptions): Promise<string> {
    return this.#client.submit(name, input, options)
  }
  submitMany(processes: readonly Submission[]): Promise<string[]> {
    return this.#client.submitMany(processes)
  }
  withdraw(pid: string, id?: string): ReturnType<Client['withdraw']> {
    return this.#client.withdraw(pid, id)
  }
  retry(pid: string): Promise<string> {
    return this.#client.retry(pid)
  }
  cancelAll(query: BulkQuery, options?: CancelAllOptions): ReturnType<Client['cancelAll']> {
    return this.#client.cancelAll(query, options)
  }
  retryAll(query: BulkQuery, options?: BulkOptions): ReturnType<Client['retryAll']> {
    return this.#client.retryAll(query, options)
  }
  deleteAll(query: BulkQuery, options?: BulkOptions): ReturnType<Client['deleteAll']> {
    return this.#client.deleteAll(query, options)
  }
  fork(pid: string, options?: ForkOptions): Promise<string> {
    return this.#client.fork(pid, options)
  }
  delete(pid: string): Promise<void> {
    return this.#client.delete(pid)
  }
  adopt(hostId: string, options?: { force?: boolean | undefined }): Promise<number> {
    return this.#client.adopt(hostId, options)
  }

  get(pid: string): ReturnType<Client['get']> {
    return this.#client.get(pid)
  }
  list(options?: ListOptions): ReturnType<Client['list']> {
    return this.#client.list(options)
  }
  counts(): ReturnType<Client['counts']> {
    return this.#client.counts()
  }
  byKey(key: string): ReturnType<Client['byKey']> {
    return this.#client.byKey(key)
  }
  find(prefix: string, limit?: number): Promise<string[]> {
    return this.#client.find(prefix, limit)
  }
  history(pid: string): ReturnType<Client['history']> {
    return this.#client.history(pid)
  }
  memories(pid: string): ReturnType<Client['memories']> {
    return this.#client.memories(pid)
  }
  hosts(): ReturnType<Client['hosts']> {
    return this.#client.hosts()
  }
  schedules(): ReturnType<Client['schedules']> {
    return this.#client.schedules()
  }
  runSchedule(name: string): Promise<string> {
    return this.#client.runSchedule(name)
  }
  pause(name: string): Promise<void> {
    return this.#client.pause(name)
  }
  resume(name: string): Promise<void> {
    return this.#client.resume(name)
  }
  paused(): ReturnType<Client['paused']> {
    return this.#client.paused()
  }

  watch(pid: string, options?: WaitOptions): ReturnType<Client['watch']> {
    return this.#followed(pid, this.#client.watch(pid, this.#untilClosed(options)))
  }
  watchAll({ signal, ...options }: WatchAllOptions = {}): ReturnType<Client['watchAll']> {
    return this.#followed(undefined, this.#client.watchAll({ ...options, ...this.#untilClosed({ signal }) }))
  }
  async result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(
    pid: string,
    options?: WaitOptions,
  ): Promise<ProcessOutput<D>> {
    const stop = this.#host.follow(pid)
    try {
      return await this.#client.result<D>(pid, this.#untilClosed(options))
    } finally {
      stop()
    }
  }
  logs(pid: string, options?: LogOptions): ReturnType<Client['logs']> {
    return this.#client.logs(pid, options)
  }
  stream(pid: string, { signal, ...options }: StreamOptions = {}): ReturnType<Client['stream']> {
    return this.#client.stream(pid, { ...options, ...this.#untilClosed({ signal }) })
  }

  async *#followed(pid: string | undefined, infos: AsyncIterable<ProcessInfo>): AsyncGenerator<ProcessInfo> {
    const stop = this.#host.follow(pid)
    try {
      yield* infos
    } finally {
      stop()
    }
  }

  #untilClosed({ signal }: WaitOptions = {}): WaitOptions {
    const { closing } = this.#host
    return { signal: signal ? AbortSignal.any([signal, closing]) : closing }
  }
}
