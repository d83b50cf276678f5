import { hostname } from 'node:os'
import { StepwrightError } from '../errors.ts'
import type { ProcessDefinition, ProcessInput, ProcessOutput } from '../record/definition.ts'
import { planOf } from '../steps/plan.ts'
import { toJson } from '../record/json.ts'
import { validate } from '../steps/schema.ts'
import type { Command } from '../store/command.ts'
import type { ProcessPlan } from '../steps/plan.ts'
import {
  identityOf,
  isFinal,
  isSubmission,
  type Json,
  type JournalLine,
  type ProcessIdentity,
  type ProcessRecord,
  type ProcessStatus,
} from '../record/record.ts'
import { ShortLivedMap } from '../store/short-lived-map.ts'
import type { Host } from '../record/host.ts'
import type { AdoptedProcess, HostStore, Store } from '../store/store.ts'
import { Adoption } from './host/adoption.ts'
import { attemptLogic, childLogic, machineLogic, timerLogic, type Answer } from './attempt/actors.ts'
import { Children } from './host/children.ts'
import { atTime, type Clock } from './clock.ts'
import { Events, type RuntimeEvents } from './events.ts'
import { foreignHandle, liveHandle, type ProcessHandle } from './handle.ts'
import type { Isolation } from './attempt/isolation.ts'
import { Commands } from './host/commands.ts'
import { safely, showTo } from './inspection.ts'
import { KeepAlive } from './host/keep-alive.ts'
import { LiveProcess } from './process/live-process.ts'
import { Lookout } from './host/lookout.ts'
import { checkCloseOptions, checkStartOptions, type CheckedOptions, type CloseOptions, type StartOptions } from './options.ts'
import { Programs, type KnownDefinition } from './host/programs.ts'
import { teller } from './host/refused.ts'
import { closed, RuntimeClient } from './runtime-client.ts'
import { Schedules } from './host/schedules.ts'
import { closeOnSignals } from './signals.ts'
import { Slots } from './process/slots.ts'
import type { Program, Environment } from './process/environment.ts'
import { isFreshFork, Submissions, type NewProcess } from './host/submissions.ts'

const EXPIRE_INTERVAL_MS = 60_000
/** Nothing is removed sooner than this after its end. */
const MIN_KEPT_MS = 3_600_000

export interface Injected {
  /** Set if any registered step uses `isolate`. */
  readonly isolation?: Isolation | undefined
  readonly clock: Clock
  readonly createPid: (now: number) => string
  readonly pace: () => Promise<void> | undefined
}

/** A host: runs processes of the definitions it knows, and is a client of its store too. */
export class ProcessRuntime extends RuntimeClient implements Environment {
  readonly #options: CheckedOptions
  readonly #readers: Store
  readonly #programs: Programs
  readonly #createPid: Injected['createPid']
  readonly #live = new ShortLivedMap<string, LiveProcess>()
  readonly #keepAlive = new KeepAlive()
  readonly clock: Clock
  readonly slots: Slots
  readonly pace: Injected['pace']
  readonly store: HostStore
  readonly host: Host
  readonly services: object
  readonly maxRecordBytes: number
  readonly inspect: Environment['inspect']
  readonly isolation: Isolation | undefined
  readonly show: Environment['show']
  draining = false
  #closed: Promise<void> | undefined
  readonly #starting = new ShortLivedMap<Promise<unknown>, true>()
  readonly #events = new Events()
  readonly #adoption: Adoption
  readonly #commands: Commands
  readonly #submissions: Submissions
  readonly #lookout: Lookout
  readonly #schedules: Schedules
  readonly #whenIdle = new Set<() => void>()
  /** Commands that were there for what is being adopted. */
  #kept: ReadonlyMap<string, readonly Command[]> = new Map()
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
    super(readers)
    this.#options = options
    this.#readers = readers
    this.#createPid = createPid
    this.clock = clock
    this.isolation = isolation
    this.pace = pace
    this.slots = new Slots(options.concurrency)
    this.store = store
    this.host = { id: store.hostId, osPid: process.pid, hostname: hostname(), startedAt: clock.now(), state: 'alive' }
    this.services = options.services
    this.maxRecordBytes = readers.maxRecordBytes
    this.show = showTo(options.inspect)
    this.inspect = this.show ? undefined : safely(options.inspect)
    this.#children = new Children({
      clock,
      client: this.client,
      closing: this.closing.signal,
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
    const onProblem = (what: string, error?: unknown): void => this.#problem(what, error)
    this.#commands = new Commands({
      store,
      find: pid => this.#live.get(pid),
      history: pid => readers.history(pid),
      onProblem,
      onRefused: teller({ store, clock, logger: options.logger, events: this.#events }),
    })
    this.#submissions = new Submissions({
      store,
      programs: this.#programs,
      worker: options.worker,
      clock,
      maxRecordBytes: this.maxRecordBytes,
      freeSlots: () => this.slots.free,
      isDraining: () => this.draining,
      prepare: () => this.#readKept(),
      run: (program, record, begin) => this.#run(program, record, begin),
      onProblem,
    })
    this.#adoption = new Adoption(
      store,
      record => this.#submissions.adopts(record),
      adopted => {
        const pids = adopted.map(({ record }) => record.pid)
        this.#options.logger.info({ host: store.hostId, pids }, `Host ${store.hostId} goes on with ${pids.length} processes of others`)
        this.#events.tell('host', () => ({ type: 'adopted', pids: [...pids] }))
        return this.#readKept()
      },
      adopted => this.#resume(adopted),
      error => onProblem(`Host ${store.hostId} could not look for processes to adopt`, error),
    )
    this.#lookout = new Lookout(
      () => this.#look(),
      error => onProblem(`Host ${store.hostId} could not look for what clients ask of it`, error),
    )
    store.onWake(this.#lookout.wake)
    this.#schedules = new Schedules(options.schedules ? [...definitions.values()].map(({ plan }) => plan) : [], {
      clock,
      store,
      readers,
      start: async (plan, key, labels) => void (await this.#starts(this.#start(plan, undefined, { key, labels }))),
      onProblem,
    })
    if (!this.#schedules.isEmpty) this.#keepAlive.add(this.#schedules)
    if (options.worker) {
      this.slots.onFree = this.#lookout.wake
      this.#keepAlive.add(this.#submissions)
    }
  }

  /** Takes up what dead hosts left behind, and begins to remove what has been kept long enough. */
  async open(): Promise<void> {
    const { recover, retentionMs } = this.#options
    for (const chart of this.#programs.charts()) await this.store.define(chart)
    if (recover !== false) await this.#adoption.begin()
    this.#lookout.wake()
    await this.#schedules.begin()
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
    this.#starting.set(starting, true)
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

  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  onRecord(pid: string): void {
    const live = this.#live.get(pid)
    if (live) this.#events.tell('process', () => live.info())
  }

  idle(): Promise<void> {
    return new Promise(resolve => {
      this.#whenIdle.add(resolve)
      this.#tellIfIdle()
    })
  }

  onStatus(pid: string, status: ProcessStatus): void {
    if (status === 'interrupted') this.#keepAlive.delete(pid)
    else this.#keepAlive.add(pid)
    this.#calmDown()
  }

  onGone(pid: string): void {
    this.#live.delete(pid)
    this.#keepAlive.delete(pid)
    this.#calmDown()
  }

  async recordsOf(pid: string): Promise<readonly ProcessRecord[]> {
    return (await this.#readers.history(pid)) ?? []
  }

  onStoreError(error: unknown, { pid }: JournalLine): void {
    this.#problem(`Process ${pid} waits for its store`, error, pid)
  }

  #find(pid: string): LiveProcess {
    const live = this.#live.get(pid)
    if (!live) throw new Error(`Process ${pid} is not run by this host`)
    return live
  }

  #handleOf<Output>(pid: string): ProcessHandle<Output> {
    const live = this.#live.get(pid)
    return live ? liveHandle(live) : foreignHandle(pid, this.client, this.closing.signal, () => this.#live.get(pid))
  }

  protected override steer(pid: string): ProcessHandle {
    if (this.draining && !this.#live.has(pid)) throw closed(`Steer process ${pid} where it runs`)
    return this.#handleOf(pid)
  }

  #resume({ record, released }: AdoptedProcess): void {
    const { recover, maxRecoveries } = this.#options
    if (isSubmission(record) || isFreshFork(record)) {
      void this.#submissions.begin(record)
      return
    }
    const restored = this.#programs.restoring(record)
    if (restored)
      this.#run(restored.program, restored.record, live => live.begin({ released, fail: recover === 'fail' && !released, maxRecoveries }))
  }

  #run(program: Program, record: ProcessRecord | NewProcess, begin: (live: LiveProcess) => void): void {
    const live = new LiveProcess(this, program, identityOf(record), record)
    this.#live.set(live.pid, live)
    // Closed meanwhile: it is let go for the next host.
    if (this.draining) return
    begin(live)
    // Before anything of it runs.
    this.#commands.apply(this.#kept.get(live.pid) ?? [], true)
    const { parent } = live.record
    // Once all that were adopted with it are here: its parent may be one of them.
    if (parent) setImmediate(() => void this.#children.follow(live.pid, parent.pid))
  }

  async #look(): Promise<void> {
    this.#commands.apply(await this.#commands.waiting())
    if (!this.draining) await this.#submissions.take()
    this.#tellIfIdle()
  }

  /** A process of this host needs nothing more for now. A worker looks again before it says that nothing is left. */
  #calmDown(): void {
    if (this.#options.worker) this.#lookout.wake()
    else this.#tellIfIdle()
  }

  #tellIfIdle(): void {
    if (!this.#options.worker && this.#whenIdle.size === 0) return
    if (!this.closing.signal.aborted) {
      if (!this.#submissions.isExhausted || this.#starting.size > 0) return
      for (const { status } of this.#live.values()) if (status !== 'interrupted') return
      this.#keepAlive.delete(this.#submissions)
    }
    for (const resolve of this.#whenIdle) resolve()
    this.#whenIdle.clear()
  }

  async #readKept(): Promise<void> {
    try {
      this.#kept = Map.groupBy(await this.#commands.waiting(), ({ pid }) => pid)
    } catch (error) {
      this.#problem('The inbox cannot be read', error)
    }
  }

  /** Whatever is a failure of the store is told as one. */
  #problem(what: string, error?: unknown, pid?: string): void {
    const message = error === undefined ? what : `${what}: ${messageOf(error)}`
    const code = error instanceof StepwrightError ? error.code : undefined
    this.#options.logger.warn(
      { host: this.host.id, ...(pid !== undefined && { pid }), ...(code !== undefined && { code }), err: error },
      message,
    )
    if (code?.startsWith('ERR_STORE_')) this.#events.tell('store-error', () => ({ error, message, ...(pid !== undefined && { pid }) }))
  }

  #expire(retentionMs: number): void {
    const now = this.clock.now()
    this.store.expire(now - retentionMs, now - MIN_KEPT_MS).catch((error: unknown) => {
      this.#problem(`Old processes could not be removed from ${this.#readers.location}`, error)
    })
    this.#stopExpiry = this.clock.after(EXPIRE_INTERVAL_MS, () => this.#expire(retentionMs))
  }

  async #close(withinMs: number): Promise<void> {
    this.draining = true
    this.#schedules.stop()
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
      this.closing.abort(closed('Open a client to read its processes'))
      this.#tellIfIdle()
      this.#events.tell('host', () => ({ type: 'closed' }))
    }
  }

  /** Lets each go at once, but for those that still execute: they keep their owner, and the host stays alive in the store, until they have settled. */
  async #leave(): Promise<void> {
    const release = (): Promise<void>[] => [...this.#live.values()].map(live => this.#release(live))
    await Promise.allSettled([this.#adoption.stop(), this.#lookout.stop(), ...this.#starting.keys(), ...release()])
    // Those that the last look or round of adoption brought.
    await Promise.all(release())
    await this.store.close()
    if (this.#options.ownsStore) await this.#readers.close()
  }

  async #release(live: LiveProcess): Promise<void> {
    try {
      await live.release()
    } catch (error) {
      this.#problem(`Process ${live.pid} could not be let go, and is taken up once this host is gone`, error, live.pid)
    }
    this.#live.delete(live.pid)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
