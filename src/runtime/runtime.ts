import type {
  Client,
  ForkOptions,
  ListOptions,
  LogOptions,
  Steered,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from '../client/client.ts'
import type { Given, ProceedData, ProcessDefinition, ProcessInput, ProcessOutput } from '../record/definition.ts'
import { planOf } from '../steps/plan.ts'
import type { RuntimeEvents } from './events.ts'
import type { ProcessHandle } from './handle.ts'
import type { Host } from './host/host.ts'
import { checkCloseOptions, type CloseOptions, type StartOptions } from './options.ts'

/** The object through which app code starts and closes processes. A client of its store as well. */
export interface Runtime extends Omit<Client, 'close'> {
  /**
   * Starts a process: it is on disk when the promise resolves.
   * @throws ERR_INVALID_INPUT, ERR_NOT_JSON, ERR_RECORD_TOO_LARGE, ERR_UNKNOWN_DEFINITION, ERR_STORE_WRITE, ERR_RUNTIME_CLOSED
   */
  start<D extends ProcessDefinition>(
    definition: D,
    ...given: Given<ProcessInput<D>, [options?: StartOptions]>
  ): Promise<ProcessHandle<ProcessOutput<D>, D>>
  /**
   * Ends a process in `cancelled`, whatever it is doing.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED
   */
  cancel(pid: string, reason?: string): Promise<Steered>
  /**
   * Lets an interrupted process go on.
   * @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT, ERR_NOT_JSON
   */
  proceed<D extends ProcessDefinition = ProcessDefinition>(pid: string, data?: ProceedData<D>): Promise<Steered>
  /**
   * Tells of what happens here from now on: transitions and progress of the processes of this host, takeovers, failures of the store. Returns a
   * function that ends it.
   * @example runtime.on('process', ({ pid, status }) => console.log(pid, status))
   */
  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void
  /**
   * Resolves once a worker has done its work (see `WorkerOptions`) and no process here runs, sleeps or waits to begin; at once after `close`.
   */
  idle(): Promise<void>
  /**
   * Tells the steps under way to end and waits for them, at most `within` (default '10s'). What has not ended is given up: the next host goes on with it.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * The documented methods of a runtime, and nothing else: what it runs itself its host does, what it does not it reads and steers through
 * the store, as any client.
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

  async cancel(pid: string, reason?: string): Promise<Steered> {
    return this.#host.steeringHandle(pid).cancel(reason)
  }
  async proceed(pid: string, data?: unknown): Promise<Steered> {
    return this.#host.steeringHandle(pid).proceed(data)
  }
  async send(pid: string, event: { readonly type: string }): Promise<Steered> {
    return this.#host.steeringHandle(pid).send(event)
  }

  submit(name: string, input?: unknown, options?: SubmitOptions): Promise<string> {
    return this.#client.submit(name, input, options)
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
  find(prefix: string, limit?: number): Promise<string[]> {
    return this.#client.find(prefix, limit)
  }
  history(pid: string): ReturnType<Client['history']> {
    return this.#client.history(pid)
  }
  hosts(): ReturnType<Client['hosts']> {
    return this.#client.hosts()
  }
  schedules(): ReturnType<Client['schedules']> {
    return this.#client.schedules()
  }

  watch(pid: string, options?: WaitOptions): ReturnType<Client['watch']> {
    return this.#client.watch(pid, this.#untilClosed(options))
  }
  watchAll({ signal, ...options }: WatchAllOptions = {}): ReturnType<Client['watchAll']> {
    return this.#client.watchAll({ ...options, ...this.#untilClosed({ signal }) })
  }
  result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(pid: string, options?: WaitOptions): Promise<ProcessOutput<D>> {
    return this.#client.result<D>(pid, this.#untilClosed(options))
  }
  logs(pid: string, options?: LogOptions): ReturnType<Client['logs']> {
    return this.#client.logs(pid, options)
  }

  #untilClosed({ signal }: WaitOptions = {}): WaitOptions {
    const { closing } = this.#host
    return { signal: signal ? AbortSignal.any([signal, closing]) : closing }
  }
}
