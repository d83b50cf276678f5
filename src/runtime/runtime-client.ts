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
import { openClient } from '../client/open-client.ts'
import { StepwrightError } from '../errors.ts'
import type { ProcessDefinition, ProcessOutput } from '../record/definition.ts'
import type { Store } from '../store/store.ts'
import type { ProcessHandle } from './handle.ts'

/** The half of a runtime that is a client of its store: what it does not run itself it reads and steers there. */
export abstract class RuntimeClient implements Omit<Client, 'close' | typeof Symbol.asyncDispose> {
  protected readonly client: Client
  /** Aborts once closed: ends what waits for processes of other hosts. */
  protected readonly closing = new AbortController()

  constructor(readers: Store) {
    this.client = openClient(readers)
  }

  /** @throws ERR_RUNTIME_CLOSED */
  protected abstract steer(pid: string): ProcessHandle

  async cancel(pid: string, reason?: string): Promise<Steered> {
    return this.steer(pid).cancel(reason)
  }
  async proceed(pid: string, data?: unknown): Promise<Steered> {
    return this.steer(pid).proceed(data)
  }
  async send(pid: string, event: { readonly type: string }): Promise<Steered> {
    return this.steer(pid).send(event)
  }
  submit(name: string, input?: unknown, options?: SubmitOptions): Promise<string> {
    return this.client.submit(name, input, options)
  }
  fork(pid: string, options?: ForkOptions): Promise<string> {
    return this.client.fork(pid, options)
  }
  get(pid: string): ReturnType<Client['get']> {
    return this.client.get(pid)
  }
  list(options?: ListOptions): ReturnType<Client['list']> {
    return this.client.list(options)
  }
  counts(): ReturnType<Client['counts']> {
    return this.client.counts()
  }
  watch(pid: string, options?: WaitOptions): ReturnType<Client['watch']> {
    return this.client.watch(pid, this.#untilClosed(options))
  }
  watchAll({ signal, ...options }: WatchAllOptions = {}): ReturnType<Client['watchAll']> {
    return this.client.watchAll({ ...options, ...this.#untilClosed({ signal }) })
  }
  result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(pid: string, options?: WaitOptions): Promise<ProcessOutput<D>> {
    return this.client.result<D>(pid, this.#untilClosed(options))
  }
  history(pid: string): ReturnType<Client['history']> {
    return this.client.history(pid)
  }
  logs(pid: string, options?: LogOptions): ReturnType<Client['logs']> {
    return this.client.logs(pid, options)
  }
  delete(pid: string): Promise<void> {
    return this.client.delete(pid)
  }
  hosts(): ReturnType<Client['hosts']> {
    return this.client.hosts()
  }
  adopt(hostId: string, options?: { force?: boolean | undefined }): Promise<number> {
    return this.client.adopt(hostId, options)
  }
  schedules(): ReturnType<Client['schedules']> {
    return this.client.schedules()
  }
  find(prefix: string, limit?: number): Promise<string[]> {
    return this.client.find(prefix, limit)
  }

  #untilClosed({ signal }: WaitOptions = {}): WaitOptions {
    return { signal: signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal }
  }
}

export const closed = (next: string): StepwrightError => new StepwrightError('ERR_RUNTIME_CLOSED', `This runtime is closed. ${next}.`)
