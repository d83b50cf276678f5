import { hostname } from 'node:os'
import type { Client, ListOptions, WaitOptions } from '../client/client.ts'
import { openClient } from '../client/open-client.ts'
import { StepwrightError } from '../errors.ts'
import type { ProcessDefinition, ProcessInput, ProcessOutput } from '../steps/definition.ts'
import { planOf } from '../steps/define-process.ts'
import { toMs, type Duration } from '../steps/duration.ts'
import { toJson } from '../steps/json.ts'
import { validate } from '../steps/schema.ts'
import type { JournalLine, ProcessIdentity } from '../store/record.ts'
import type { Host, HostStore, Store } from '../store/store.ts'
import { attemptLogic, timerLogic, type Answer } from './actors.ts'
import { atTime, type Clock } from './clock.ts'
import { foreignHandle, liveHandle, type ProcessHandle } from './handle.ts'
import { KeepAlive } from './keep-alive.ts'
import { LiveProcess, type Surroundings } from './live-process.ts'
import { checkStartOptions, type CheckedOptions, type StartOptions } from './options.ts'
import { Programs } from './programs.ts'
import { Slots } from './slots.ts'

const EXPIRE_INTERVAL_MS = 60_000
/** Nothing is removed sooner than this after its end. */
const MIN_KEPT_MS = 3_600_000

export interface Injected {
  readonly clock: Clock
  readonly createPid: (now: number) => string
}

/** A host: runs processes of the definitions it knows, and is a client of its store too. */
export class ProcessRuntime implements Surroundings {
  readonly #options: CheckedOptions
  readonly #readers: Store
  readonly #client: Client
  readonly #programs: Programs
  readonly #createPid: Injected['createPid']
  readonly #live = new Map<string, LiveProcess>()
  readonly #keepAlive = new KeepAlive()
  readonly clock: Clock
  readonly slots: Slots
  readonly store: HostStore
  readonly host: Host
  readonly services: object
  readonly maxRecordBytes: number
  readonly inspect: CheckedOptions['inspect']
  draining = false
  #closed: Promise<void> | undefined
  #quiet: (() => void) | undefined
  #stopExpiry: () => void = () => {}

  constructor(definitions: readonly ProcessDefinition[], options: CheckedOptions, readers: Store, store: HostStore, { clock, createPid }: Injected) {
    this.#options = options
    this.#readers = readers
    this.#client = openClient(readers)
    this.#createPid = createPid
    this.clock = clock
    this.slots = new Slots(options.concurrency)
    this.store = store
    this.host = { id: store.hostId, osPid: process.pid, hostname: hostname(), startedAt: clock.now(), state: 'alive' }
    this.services = options.services
    this.maxRecordBytes = readers.maxRecordBytes
    this.inspect = safely(options.inspect)
    this.#programs = new Programs(definitions, options.services, {
      attempt: attemptLogic((input, answer) => this.#find(input.pid).attempt(input, answer)),
      timer: timerLogic(({ at }, answer: Answer) => atTime(clock, at, () => answer.resolve({ at: clock.now() }))),
    })
  }

  /** Takes up what dead hosts left behind, and begins to remove what has been kept long enough. */
  async open(): Promise<void> {
    const { recover, maxRecoveries, retentionMs } = this.#options
    if (recover !== false)
      for await (const { record, released } of this.store.adopt(found => this.#programs.restoring(found) !== undefined)) {
        const program = this.#programs.restoring(record)
        if (!program) continue
        const { version, shape, createdAt, input, outline, key, labels } = record
        const identity: ProcessIdentity = { version, shape, createdAt, input, outline, ...(key !== undefined && { key }), ...(labels && { labels }) }
        const live = new LiveProcess(this, program, identity, record)
        this.#live.set(live.pid, live)
        live.begin({ released, fail: recover === 'fail' && !released, maxRecoveries })
      }
    if (retentionMs !== false) this.#expire(retentionMs)
  }

  async start<D extends ProcessDefinition>(definition: D, input?: ProcessInput<D>, options: StartOptions = {}): Promise<ProcessHandle<ProcessOutput<D>>> {
    if (this.draining) throw new StepwrightError('ERR_RUNTIME_CLOSED', 'This runtime is closed: start processes on another one')
    const plan = planOf(definition)
    const { timeoutMs = plan.timeoutMs, key, labels } = checkStartOptions(options)
    const program = this.#programs.find(plan, timeoutMs !== undefined)
    if (!program) throw new StepwrightError('ERR_UNKNOWN_DEFINITION', `Process '${plan.name}' version '${plan.version}' is not known to this runtime: give it to createRuntime({ processes })`)
    const parsed: unknown = plan.inputSchema ? await validate(plan.inputSchema, input, `the input of process '${plan.name}'`) : input
    const now = this.clock.now()
    const identity: ProcessIdentity = {
      version: plan.version, shape: program.shape, createdAt: now, input: toJson(parsed, this.maxRecordBytes),
      outline: program.outline, ...(key !== undefined && { key }), ...(labels && { labels }),
    }
    const live = new LiveProcess(this, program, identity, { pid: this.#createPid(now), timeoutMs })
    const { pid, created } = await this.store.create(live.record)
    if (!created) return this.#handleOf(pid)
    this.#live.set(pid, live)
    live.begin()
    return liveHandle(live)
  }

  async close({ within = '10s' }: { within?: Duration } = {}): Promise<void> {
    this.#closed ??= this.#close(toMs(within, 'close({ within })'))
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED */
  async cancel(pid: string, reason?: string): Promise<void> {
    await (await this.#handleOf(pid)).cancel(reason)
  }

  /** @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT, ERR_NOT_JSON */
  async proceed(pid: string, data?: unknown): Promise<void> {
    await (await this.#handleOf(pid)).proceed(data)
  }

  get(pid: string): ReturnType<Client['get']> { return this.#client.get(pid) }
  list(options?: ListOptions): ReturnType<Client['list']> { return this.#client.list(options) }
  watch(pid: string, options?: WaitOptions): ReturnType<Client['watch']> { return this.#client.watch(pid, options) }
  result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(pid: string, options?: WaitOptions): Promise<ProcessOutput<D>> {
    return this.#client.result<D>(pid, options)
  }
  history(pid: string): ReturnType<Client['history']> { return this.#client.history(pid) }
  delete(pid: string): Promise<void> { return this.#client.delete(pid) }
  find(prefix: string, limit?: number): Promise<string[]> { return this.#client.find(prefix, limit) }

  onChange(live: LiveProcess): void {
    if (live.status === 'interrupted') this.#keepAlive.delete(live)
    else this.#keepAlive.add(live)
    if (this.draining) this.#checkQuiet()
  }

  onGone(live: LiveProcess): void {
    this.#live.delete(live.pid)
    this.#keepAlive.delete(live)
    if (this.draining) this.#checkQuiet()
  }

  onStoreError(error: unknown, { pid }: JournalLine): void {
    process.emitWarning(`Process ${pid} waits for its store: ${error instanceof Error ? error.message : String(error)}`, { code: 'ERR_STORE_WRITE' })
  }

  #find(pid: string): LiveProcess {
    const live = this.#live.get(pid)
    if (!live) throw new Error(`Process ${pid} is not run by this host`)
    return live
  }

  async #handleOf<Output>(pid: string): Promise<ProcessHandle<Output>> {
    const live = this.#live.get(pid)
    return live ? liveHandle(live) : foreignHandle(pid, this.#client)
  }

  #expire(retentionMs: number): void {
    const now = this.clock.now()
    this.store.expire(now - retentionMs, now - MIN_KEPT_MS).catch((error: unknown) => {
      process.emitWarning(`Old processes could not be removed from ${this.#readers.location}: ${error instanceof Error ? error.message : String(error)}`)
    })
    this.#stopExpiry = this.clock.after(EXPIRE_INTERVAL_MS, () => this.#expire(retentionMs))
  }

  async #close(withinMs: number): Promise<void> {
    this.draining = true
    this.#stopExpiry()
    for (const live of this.#live.values()) live.shutDown()
    const quiet = new Promise<void>(resolve => { this.#quiet = resolve })
    const late = Promise.withResolvers<void>()
    const cancel = this.clock.after(withinMs, late.resolve)
    this.#checkQuiet()
    await Promise.race([quiet, late.promise])
    const settled = [...this.#live.values()].filter(live => !live.executing)
    await Promise.race([Promise.all(settled.map(live => this.#release(live))), late.promise])
    cancel()
    for (const live of this.#live.values()) live.disown()
    this.#keepAlive.clear()
    // Whoever still executes keeps its owner: the host is alive in the store until the last of them has settled.
    if (this.#live.size === 0) await this.store.close()
    else this.#quiet = () => void this.#leave()
  }

  async #leave(): Promise<void> {
    for (const live of this.#live.values()) await this.#release(live)
    await this.store.close()
  }

  async #release(live: LiveProcess): Promise<void> {
    await live.release()
    this.#live.delete(live.pid)
  }

  #checkQuiet(): void {
    for (const live of this.#live.values()) if (live.executing) return
    this.#quiet?.()
    this.#quiet = undefined
  }
}

/** An inspector that throws must not reach the process it looks at. */
function safely(inspect: CheckedOptions['inspect']): Surroundings['inspect'] {
  if (inspect === undefined) return undefined
  const next = typeof inspect === 'function' ? inspect : inspect.next?.bind(inspect)
  return event => {
    try {
      next?.(event)
    } catch (error) {
      process.emitWarning(`The inspector threw: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
