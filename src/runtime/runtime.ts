import { hostname } from 'node:os'
import type { Client, ListOptions, LogOptions, WaitOptions } from '../client/client.ts'
import { openClient } from '../client/open-client.ts'
import { StepwrightError } from '../errors.ts'
import type { ProcessDefinition, ProcessInput, ProcessOutput } from '../steps/definition.ts'
import { planOf } from '../steps/define-process.ts'
import { toJson } from '../steps/json.ts'
import { validate } from '../steps/schema.ts'
import type { ProcessPlan } from '../steps/plan.ts'
import { isFinal, type Json, type JournalLine, type ProcessIdentity, type ProcessRecord } from '../store/record.ts'
import type { AdoptedProcess, Host, HostStore, Store } from '../store/store.ts'
import { Adoption } from './adoption.ts'
import { attemptLogic, childLogic, machineLogic, timerLogic, type Answer } from './actors.ts'
import { Children } from './children.ts'
import { atTime, type Clock } from './clock.ts'
import { foreignHandle, liveHandle, type ProcessHandle } from './handle.ts'
import type { Isolation } from './isolation.ts'
import { KeepAlive } from './keep-alive.ts'
import { LiveProcess, type Surroundings } from './live-process.ts'
import { checkCloseOptions, checkStartOptions, type CheckedOptions, type CloseOptions, type StartOptions } from './options.ts'
import { Programs, type KnownDefinition } from './programs.ts'
import { closeOnSignals } from './signals.ts'
import { Slots } from './slots.ts'
import { tell } from './tell.ts'

const EXPIRE_INTERVAL_MS = 60_000
/** Nothing is removed sooner than this after its end. */
const MIN_KEPT_MS = 3_600_000

export interface Injected {
  /** There if a definition needs it. */
  readonly isolation?: Isolation | undefined
  readonly clock: Clock
  readonly createPid: (now: number) => string
  readonly pace: () => Promise<void> | undefined
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
  readonly pace: Injected['pace']
  readonly store: HostStore
  readonly host: Host
  readonly services: object
  readonly maxRecordBytes: number
  readonly inspect: Surroundings['inspect']
  readonly isolation: Isolation | undefined
  draining = false
  #closed: Promise<void> | undefined
  /** Aborts once closed: ends what waits for processes of other hosts. */
  readonly #closing = new AbortController()
  readonly #starting = new Set<Promise<unknown>>()
  readonly #adoption: Adoption
  readonly #children: Children
  #stopExpiry: () => void = () => {}
  #forgetSignals: () => void = () => {}

  constructor(
    definitions: ReadonlyMap<string, KnownDefinition>,
    options: CheckedOptions,
    readers: Store,
    store: HostStore,
    { clock, createPid, isolation, pace }: Injected,
  ) {
    this.#options = options
    this.#readers = readers
    this.#client = openClient(readers)
    this.#createPid = createPid
    this.clock = clock
    this.isolation = isolation
    this.pace = pace
    this.slots = new Slots(options.concurrency)
    this.store = store
    this.host = { id: store.hostId, osPid: process.pid, hostname: hostname(), startedAt: clock.now(), state: 'alive' }
    this.services = options.services
    this.maxRecordBytes = readers.maxRecordBytes
    this.inspect = safely(options.inspect)
    this.#adoption = new Adoption(
      store,
      record => this.#programs.restoring(record) !== undefined,
      adopted => this.#resume(adopted),
      error => process.emitWarning(`Host ${store.hostId} could not look for processes to adopt: ${messageOf(error)}`),
    )
    this.#children = new Children({
      clock,
      client: this.#client,
      closing: this.#closing.signal,
      handleOf: pid => this.#handleOf(pid),
      isLive: pid => this.#live.has(pid),
      isOver: pid => isFinal(this.#live.get(pid)?.status ?? 'pending'),
    })
    this.#programs = new Programs(definitions, {
      attempt: attemptLogic((input, answer) => this.#find(input.pid).attempt(input, answer)),
      child: childLogic((input, answer) => this.#children.wait(input, answer)),
      machine: machineLogic((input, answer) => this.#find(input.pid).runMachine(input, answer)),
      items: attemptLogic((input, answer) => this.#find(input.pid).attempt(input, answer, 'items')),
      timer: timerLogic(({ at }, answer: Answer) => atTime(clock, at, () => answer.resolve({ at: clock.now() }))),
    })
  }

  /** Takes up what dead hosts left behind, and begins to remove what has been kept long enough. */
  async open(): Promise<void> {
    const { recover, retentionMs } = this.#options
    for (const chart of this.#programs.charts()) await this.store.define(chart)
    if (recover !== false) await this.#adoption.begin()
    if (retentionMs !== false) this.#expire(retentionMs)
    this.#forgetSignals = closeOnSignals(this.#options.closeOn, () => this.close())
  }

  async start<D extends ProcessDefinition>(
    definition: D,
    input?: ProcessInput<D>,
    options: StartOptions = {},
  ): Promise<ProcessHandle<ProcessOutput<D>>> {
    return this.#starts(this.#start(planOf(definition), input, options))
  }

  /** A child has the same key at every attempt to start it: the one there is is found again (rule 7.6). */
  async startChild(
    plan: ProcessPlan,
    input: Json,
    parent: { readonly pid: string; readonly step: string },
    failures: number,
  ): Promise<string> {
    const key = `child:${parent.pid}:${parent.step}:${failures}`
    return (await this.#starts(this.#start(plan, input, { key }, parent))).pid
  }

  cancelChild(child: string, parent: string): void {
    this.#children.cancel(child, parent)
  }

  async #starts(starting: Promise<ProcessHandle>): Promise<ProcessHandle> {
    this.#starting.add(starting)
    try {
      return await starting
    } finally {
      this.#starting.delete(starting)
    }
  }

  async #start(plan: ProcessPlan, input: unknown, options: StartOptions, parent?: ProcessIdentity['parent']): Promise<ProcessHandle> {
    if (this.draining) throw closed('Start processes on another one')
    const { timeoutMs = plan.timeoutMs, key, labels } = checkStartOptions(options)
    const program = this.#programs.find(plan, timeoutMs !== undefined)
    if (!program)
      throw new StepwrightError(
        'ERR_UNKNOWN_DEFINITION',
        `Process '${plan.name}' version '${plan.version}' is not known to this runtime: give it to createRuntime({ processes })`,
      )
    const parsed: unknown = plan.inputSchema ? await validate(plan.inputSchema, input, `the input of process '${plan.name}'`) : input
    const now = this.clock.now()
    const identity: ProcessIdentity = {
      version: plan.version,
      shape: program.shape,
      createdAt: now,
      input: toJson(parsed, this.maxRecordBytes),
      outline: program.outline,
      ...(key !== undefined && { key }),
      ...(labels && { labels }),
      ...(parent && { parent }),
    }
    const live = new LiveProcess(this, program, identity, { pid: this.#createPid(now), timeoutMs })
    await this.pace()
    const { pid, created } = await this.store.create(live.record)
    if (!created) return this.#handleOf(pid)
    this.#live.set(pid, live)
    // Closed meanwhile: it stays pending for the next host.
    if (this.draining) await this.#release(live)
    else live.begin()
    return liveHandle(live)
  }

  async close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(checkCloseOptions(options))
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED */
  async cancel(pid: string, reason?: string): Promise<void> {
    await this.#steer(pid).cancel(reason)
  }

  /** @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT, ERR_NOT_JSON */
  async proceed(pid: string, data?: unknown): Promise<void> {
    await this.#steer(pid).proceed(data)
  }

  /** @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED, ERR_NO_MACHINE, ERR_UNKNOWN_EVENT, ERR_NOT_JSON */
  async send(pid: string, event: { readonly type: string }): Promise<void> {
    await this.#steer(pid).send(event)
  }

  get(pid: string): ReturnType<Client['get']> {
    return this.#client.get(pid)
  }
  list(options?: ListOptions): ReturnType<Client['list']> {
    return this.#client.list(options)
  }
  watch(pid: string, options?: WaitOptions): ReturnType<Client['watch']> {
    return this.#client.watch(pid, this.#untilClosed(options))
  }
  result<D extends ProcessDefinition = ProcessDefinition<unknown, unknown>>(pid: string, options?: WaitOptions): Promise<ProcessOutput<D>> {
    return this.#client.result<D>(pid, this.#untilClosed(options))
  }
  history(pid: string): ReturnType<Client['history']> {
    return this.#client.history(pid)
  }
  logs(pid: string, options?: LogOptions): ReturnType<Client['logs']> {
    return this.#client.logs(pid, options)
  }
  delete(pid: string): Promise<void> {
    return this.#client.delete(pid)
  }
  hosts(): ReturnType<Client['hosts']> {
    return this.#client.hosts()
  }
  adopt(hostId: string, options?: { force?: boolean | undefined }): Promise<number> {
    return this.#client.adopt(hostId, options)
  }
  find(prefix: string, limit?: number): Promise<string[]> {
    return this.#client.find(prefix, limit)
  }

  onChange(live: LiveProcess): void {
    if (live.status === 'interrupted') this.#keepAlive.delete(live)
    else this.#keepAlive.add(live)
  }

  onGone(live: LiveProcess): void {
    this.#live.delete(live.pid)
    this.#keepAlive.delete(live)
  }

  async recordsOf(pid: string): Promise<readonly ProcessRecord[]> {
    return (await this.#readers.history(pid)) ?? []
  }

  onStoreError(error: unknown, { pid }: JournalLine): void {
    process.emitWarning(`Process ${pid} waits for its store: ${messageOf(error)}`, { code: 'ERR_STORE_WRITE' })
  }

  #find(pid: string): LiveProcess {
    const live = this.#live.get(pid)
    if (!live) throw new Error(`Process ${pid} is not run by this host`)
    return live
  }

  #handleOf<Output>(pid: string): ProcessHandle<Output> {
    const live = this.#live.get(pid)
    return live ? liveHandle(live) : foreignHandle(pid, this.#client, this.#closing.signal, () => this.#live.get(pid))
  }

  #steer(pid: string): ProcessHandle {
    if (this.draining && !this.#live.has(pid)) throw closed(`Steer process ${pid} where it runs`)
    return this.#handleOf(pid)
  }

  #untilClosed({ signal }: WaitOptions = {}): WaitOptions {
    return { signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal }
  }

  #resume({ record: found, released }: AdoptedProcess): void {
    const { recover, maxRecoveries } = this.#options
    const restored = this.#programs.restoring(found)
    if (!restored) return
    const { program, record } = restored
    const { version, shape, createdAt, input, outline, key, labels, parent } = record
    const identity: ProcessIdentity = {
      version,
      shape,
      createdAt,
      input,
      outline,
      ...(key !== undefined && { key }),
      ...(labels && { labels }),
      ...(parent && { parent }),
    }
    const live = new LiveProcess(this, program, identity, record)
    this.#live.set(live.pid, live)
    // Closed meanwhile: it is let go for the next host.
    if (this.draining) return
    live.begin({ released, fail: recover === 'fail' && !released, maxRecoveries })
    // Once all that were adopted with it are here: its parent may be one of them.
    if (parent) setImmediate(() => void this.#children.follow(live.pid, parent.pid))
  }

  #expire(retentionMs: number): void {
    const now = this.clock.now()
    this.store.expire(now - retentionMs, now - MIN_KEPT_MS).catch((error: unknown) => {
      process.emitWarning(`Old processes could not be removed from ${this.#readers.location}: ${messageOf(error)}`)
    })
    this.#stopExpiry = this.clock.after(EXPIRE_INTERVAL_MS, () => this.#expire(retentionMs))
  }

  async #close(withinMs: number): Promise<void> {
    this.draining = true
    this.#stopExpiry()
    this.#forgetSignals()
    for (const live of this.#live.values()) live.shutDown()
    const gone = this.#leave()
    gone.catch(() => {})
    const late = Promise.withResolvers<void>()
    const cancel = this.clock.after(withinMs, late.resolve)
    try {
      await Promise.race([gone, late.promise])
    } finally {
      cancel()
      for (const live of this.#live.values()) live.disown()
      this.#keepAlive.clear()
      await this.isolation?.close()
      this.#closing.abort(closed('Open a client to read its processes'))
    }
  }

  /** Lets each go at once, but for those that still execute: they keep their owner, and the host stays alive in the store, until they have settled. */
  async #leave(): Promise<void> {
    const release = (): Promise<void>[] => [...this.#live.values()].map(live => this.#release(live))
    await Promise.allSettled([this.#adoption.stop(), ...this.#starting, ...release()])
    // Those that the last round of adoption brought.
    await Promise.all(release())
    await this.store.close()
  }

  async #release(live: LiveProcess): Promise<void> {
    try {
      await live.release()
    } catch (error) {
      process.emitWarning(`Process ${live.pid} could not be let go: ${messageOf(error)}. It is taken up once this host is gone.`)
    }
    this.#live.delete(live.pid)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const closed = (next: string): StepwrightError => new StepwrightError('ERR_RUNTIME_CLOSED', `This runtime is closed. ${next}.`)

/** An inspector that throws must not reach the process it looks at. */
function safely(inspect: CheckedOptions['inspect']): Surroundings['inspect'] {
  if (inspect === undefined) return undefined
  const next = typeof inspect === 'function' ? inspect : inspect.next?.bind(inspect)
  return event => tell('The inspector', () => next?.(event))
}
