import { hostname } from 'node:os'
import { openClient } from '../../client/open-client.ts'
import type { Client } from '../../client/client.ts'
import { StepwrightError } from '../../errors.ts'
import { atTime, atTimeOrAfter, type Clock } from '../../record/clock.ts'
import type { Host as HostInfo } from '../../record/host.ts'
import { isEnding, type Json, type ProcessRecord, type ProcessStatus, type Trails } from '../../record/record.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import { putChart } from '../../store/charts.ts'
import { readPauses } from '../../store/pauses.ts'
import { processTaken } from '../../store/failures.ts'
import type { HostStore, Store } from '../../store/store.ts'
import { attemptLogic, childLogic, machineLogic, timerLogic, type Answer } from '../attempt/actors.ts'
import type { Isolation } from '../attempt/isolation.ts'
import { Events } from '../events.ts'
import { handleOf, type HandleOptions, type ProcessHandle } from '../handle.ts'
import { safely, showTo } from '../inspection.ts'
import { notify } from '../listeners.ts'
import { checkCloseOptions, type CheckedOptions, type StartManyOptions, type StartOptions } from '../options.ts'
import type { Environment } from '../process/environment.ts'
import type { LiveProcess } from '../process/live-process.ts'
import { Pauses } from '../process/pauses.ts'
import { Slots } from '../process/slots.ts'
import { closeOnSignals } from '../signals.ts'
import { Adoption } from './adoption.ts'
import { Arrivals } from './arrivals.ts'
import { Children, type ChildAnswer } from './children.ts'
import { Commands } from './commands.ts'
import { Idleness } from './idleness.ts'
import { Limits } from './limits.ts'
import { KeepAlive } from './keep-alive.ts'
import { LiveProcesses } from './live-processes.ts'
import { Neighbours } from './neighbours.ts'
import { Programs, type KnownDefinition, type ProvidedActors } from './programs.ts'
import { Reports } from './reports.ts'
import { startRetention } from './retention.ts'
import { Schedules } from './schedules.ts'
import { Starts } from './starts.ts'
import { Submissions } from './submissions.ts'
import { Wakeups } from './wakeups.ts'

/** What tests replace. */
export interface Injected {
  readonly clock: Clock
  readonly createPid: (now: number) => string
  readonly yieldLoop: () => Promise<void> | undefined
}

export interface HostOptions extends Injected {
  readonly definitions: ReadonlyMap<string, KnownDefinition>
  readonly options: CheckedOptions
  readonly isolation: Isolation | undefined
  /** What every client sees of the store. */
  readonly readers: Store
  readonly store: HostStore
}

export const closedError = (next: string): StepwrightError =>
  new StepwrightError('ERR_RUNTIME_CLOSED', `This runtime is closed. ${next}.`)

/**
 * The engine behind a runtime: it has the processes that this host runs, and all that brings them
 * here and lets them go.
 */
export class Host implements Environment {
  readonly client: Client
  readonly events = new Events()
  readonly clock: Clock
  readonly slots: Slots
  readonly pauses = new Pauses()
  readonly limits: Limits
  readonly store: HostStore
  readonly host: HostInfo
  readonly services: object
  readonly maxRecordBytes: number
  readonly isolation: Isolation | undefined
  readonly show: Environment['show']
  readonly inspect: Environment['inspect']
  readonly yieldLoop: Injected['yieldLoop']
  draining = false
  readonly #options: CheckedOptions
  readonly #readers: Store
  /** Aborts once the runtime is closed: ends what waits for processes of other hosts. */
  readonly #closing = new AbortController()
  readonly #keepAlive = new KeepAlive()
  readonly #live = new LiveProcesses(this.#keepAlive)
  readonly #reports: Reports
  readonly #programs: Programs
  readonly #children: Children
  readonly #starts: Starts
  readonly #adoption: Adoption
  readonly #submissions: Submissions
  readonly #commands: Commands
  readonly #wakeups: Wakeups
  readonly #neighbours: Neighbours
  readonly #schedules: Schedules
  readonly #arrivals: Arrivals
  readonly #idleness: Idleness
  /** The store has failed to answer: this host may own processes that it does not know of. */
  #isUnanswered = false
  /** How many follow a process through the store; `undefined`: all processes. */
  readonly #followed = new Map<string | undefined, number>()
  /** What runs between opening and closing, and how to end it. */
  readonly #endings: (() => void)[] = []
  #closed: Promise<void> | undefined

  constructor({ definitions, options, isolation, readers, store, clock, createPid, yieldLoop }: HostOptions) {
    this.client = openClient(readers)
    this.clock = clock
    this.slots = new Slots(options.concurrency, store.hostId)
    this.store = store
    this.host = {
      id: store.hostId,
      osPid: process.pid,
      hostname: hostname(),
      startedAt: new Date(clock.now()).toISOString(),
      state: 'alive',
    }
    this.services = options.services
    this.maxRecordBytes = readers.maxRecordBytes
    this.isolation = isolation
    this.show = showTo(options.inspect)
    this.inspect = this.show ? undefined : safely(options.inspect)
    this.yieldLoop = yieldLoop
    this.#options = options
    this.#neighbours = new Neighbours(readers, store.hostId)
    this.#readers = readers
    this.#reports = new Reports({
      store,
      documents: readers.documents,
      clock,
      logger: options.logger,
      events: this.events,
    })
    const onProblem = (what: string, error?: unknown): void => this.#reports.problem(what, error)
    this.#children = new Children({
      clock,
      client: this.client,
      closing: this.closing,
      handleOf: pid => this.handleOf(pid),
      isLive: pid => this.#live.has(pid),
      isOver: pid => isEnding(this.#live.get(pid)?.status ?? 'pending'),
    })
    const actors: ProvidedActors = {
      attempt: attemptLogic((input, answer) => this.#live.mustGet(input.pid).runAttempt(input, answer)),
      children: attemptLogic((input, answer) => this.#live.mustGet(input.pid).runAttempt(input, answer, 'children')),
      items: attemptLogic((input, answer) => this.#live.mustGet(input.pid).runAttempt(input, answer, 'items')),
      machine: machineLogic((input, answer) => this.#live.mustGet(input.pid).runMachine(input, answer)),
      child: childLogic((input, answer) => this.#children.wait(input, answer)),
      timer: timerLogic(({ at, isDate }, answer: Answer) =>
        at === undefined
          ? () => {}
          : (isDate ? atTime : atTimeOrAfter)(clock, at, () => answer.resolve({ at: clock.now() })),
      ),
    }
    this.#programs = new Programs(definitions, actors, options.inspect !== undefined, (record, why) =>
      this.#reports.misfit(record, why),
    )
    this.#starts = new Starts({
      environment: this,
      store,
      programs: this.#programs,
      createPid,
      run: live => this.#runNew(live),
      readers,
      onQueued: pid => this.#submissions.await(pid),
      handleOf: (pid, live) => this.handleOf(pid, live),
      onNoAnswer: () => (this.#isUnanswered = true),
      mustBeOpen: () => {
        if (this.draining) throw closedError('Start processes on another one')
      },
    })
    this.#commands = new Commands({
      documents: readers.documents,
      find: pid => this.#live.get(pid),
      history: pid => readers.history(pid),
      onProblem,
      onRefused: (live, command, refusal) => this.#reports.refused(live, command, refusal),
    })
    this.limits = new Limits({
      store,
      clock,
      isDraining: () => this.draining,
      onProblem,
      onFree: () => this.#onPlaces(),
    })
    this.#submissions = new Submissions({
      store,
      readers,
      limits: this.limits,
      programs: this.#programs,
      worker: options.worker,
      clock,
      maxRecordBytes: this.maxRecordBytes,
      isPaused: name => this.pauses.has(name),
      freeSlots: () => this.slots.free,
      isDraining: () => this.draining,
      hold: pid => this.#keepAlive.add(pid),
      letGo: pid => this.#live.has(pid) || this.#keepAlive.delete(pid),
      wake: () => this.#wakeups.wake(),
      prepare: pid => this.#arrivals.prepare([pid]),
      run: (program, record, start) => {
        this.#arrivals.run(program, record, start)
        this.#arrivals.followParents()
      },
      onProblem,
    })
    this.#arrivals = new Arrivals({
      environment: this,
      live: this.#live,
      programs: this.#programs,
      commands: this.#commands,
      children: this.#children,
      reports: this.#reports,
      clock,
      options,
      runSubmission: record => void this.#submissions.run(record),
    })
    this.#idleness = new Idleness(
      () => this.closing.aborted || (this.#submissions.isExhausted && !this.#starts.areUnderWay && this.#live.areIdle),
      () => this.#keepAlive.delete(this.#submissions),
    )
    this.#adoption = new Adoption({
      store,
      accept: record => this.#submissions.adopts(record),
      holds: () => (this.#isUnanswered ? pid => this.#holds(pid) : undefined),
      onRound: () => (this.#isUnanswered = false),
      prepare: adopted => {
        this.#reports.adopted(adopted)
        return this.#arrivals.prepare(adopted.map(({ record }) => record.pid))
      },
      resume: adopted => this.#arrivals.resume(adopted),
      onResumed: () => this.#arrivals.followParents(),
      onError: error => {
        this.#isUnanswered = true
        onProblem(`Host ${store.hostId} could not look for processes to adopt`, error)
      },
    })
    this.#wakeups = new Wakeups(
      () => this.#look(),
      error => {
        this.#isUnanswered = true
        onProblem(`Host ${store.hostId} could not look for what clients ask of it`, error)
      },
    )
    this.#schedules = new Schedules(options.schedules ? [...definitions.values()].map(({ plan }) => plan) : [], {
      clock,
      store: readers,
      isPaused: name => this.pauses.has(name),
      start: async (plan, key, labels) => void (await this.#starts.start(plan, undefined, { key, labels })),
      onProblem,
      onClockAhead: (...report) => this.#reports.clockAhead(...report),
    })
  }

  /** Aborts once the runtime is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Opens in an order in which a failure leaves a host that has begun nothing. */
  async open(): Promise<void> {
    const { recover, retentionMs, worker, closeOn } = this.#options
    // Viewers need the chart of whatever runs from here on.
    for (const chart of this.#programs.charts()) await putChart(this.#readers.documents, chart)
    this.store.onLost(pids => this.#lose(pids, pid => processTaken(pid, this.store.hostId)))
    this.pauses.onResume = name => this.#schedules.look(name)
    await this.#readPauses()
    // What dead hosts left behind goes on before anything new begins.
    if (recover !== false) await this.#adoption.start()
    // From here on the host hears of what clients ask.
    this.store.onWake(this.#wakeups.wake)
    this.slots.onFree = () => {
      if (worker || this.#submissions.areWaiting) this.#wakeups.wake()
    }
    if (worker) this.#keepAlive.add(this.#submissions)
    this.#wakeups.wake()
    if (!this.#schedules.isEmpty) this.#keepAlive.add(this.#schedules)
    await this.#schedules.start()
    // Last, what only tidies up.
    if (retentionMs !== false) {
      const onError = (error: unknown): void =>
        this.#reports.problem(`Old processes could not be removed from ${this.#readers.location}`, error)
      this.#endings.push(
        startRetention({ store: this.store, readers: this.#readers, clock: this.clock, retentionMs, onError }),
      )
    }
    this.#endings.push(closeOnSignals(closeOn, () => this.close(checkCloseOptions({}))))
  }

  start(plan: ProcessPlan, input: unknown, options: StartOptions): Promise<ProcessHandle> {
    return this.#starts.start(plan, input, options)
  }

  startMany(plan: ProcessPlan, inputs: readonly unknown[], options: StartManyOptions): Promise<ProcessHandle[]> {
    return this.#starts.startMany(plan, inputs, options)
  }

  handleOf(pid: string, live?: LiveProcess): ProcessHandle {
    const mustQueue: HandleOptions['mustQueue'] = (ours, message) =>
      !this.draining && this.#commands.mustQueue(ours, message)
    return handleOf(
      pid,
      { client: this.client, closing: this.closing, find: one => this.#live.get(one), mustQueue },
      live,
    )
  }

  /** @throws ERR_RUNTIME_CLOSED */
  steeringHandle(pid: string): ProcessHandle {
    if (this.draining && !this.#live.has(pid)) throw closedError(`Steer process ${pid} where it runs`)
    return this.handleOf(pid)
  }

  idle(): Promise<void> {
    return this.#idleness.wait()
  }

  close(withinMs: number): Promise<void> {
    this.#closed ??= this.#close(withinMs)
    return this.#closed
  }

  // What processes use: see Environment.

  onStatus(pid: string, status: ProcessStatus): void {
    this.#live.onStatus(pid, status)
    this.#onLessWork()
  }

  onRecord(pid: string): void {
    const live = this.#live.get(pid)
    if (live === undefined) return
    if (this.#followed.size > 0 && (this.#followed.has(pid) || this.#followed.has(undefined))) live.markFollowed()
    this.events.emit('process', () => live.info())
    this.#commands.onRecord(live)
  }

  onEnd(pid: string): void {
    const live = this.#live.get(pid)
    if (live) this.#commands.onEnd(live)
    if (live?.isLimited) this.#onPlaces()
    if (live?.status === 'error' && live.record.parent === undefined) setImmediate(() => this.#tellOfFailure(live))
    this.#live.remove(pid)
    this.#onLessWork()
  }

  /** Whoever has just got its handle had time to wait for it. */
  #tellOfFailure(live: LiveProcess): void {
    if (!live.isAwaited && !this.events.has('process')) this.#reports.failed(live.record)
  }

  /**
   * Somebody follows a process through the store, or all of them. Returns a function that ends that.
   */
  follow(pid: string | undefined): () => void {
    this.#followed.set(pid, (this.#followed.get(pid) ?? 0) + 1)
    if (pid !== undefined) this.#live.get(pid)?.markFollowed()
    return () => {
      const left = (this.#followed.get(pid) ?? 0) - 1
      if (left > 0) this.#followed.set(pid, left)
      else this.#followed.delete(pid)
    }
  }

  /** Places are free in limits: what waits may begin, here or on other hosts. */
  #onPlaces(): void {
    this.#wakeups.wake()
    if (this.#submissions.areLimited) this.#neighbours.wake()
  }

  onLoss(pid: string, loss: StepwrightError): void {
    this.#lose([pid], () => loss)
  }

  onStoreError(error: unknown, pid: string): void {
    this.#reports.problem(`Process ${pid} waits for its store`, error, pid)
  }

  append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): void {
    notify(`The ${trail} of process ${pid}`, () => this.store.append(trail, pid, entries))
  }

  async streamEnd(pid: string): Promise<number> {
    let end = 0
    for await (const { offset, chunks } of this.#readers.trail('stream', pid)) end = offset + (chunks?.length ?? 1)
    return end
  }

  async recordsOf(pid: string): Promise<readonly ProcessRecord[]> {
    return (await this.#readers.history(pid)) ?? []
  }

  startChild(
    plan: ProcessPlan,
    input: Json,
    parent: { readonly pid: string; readonly step: string },
    failures: number,
    index?: number,
  ): Promise<string> {
    return this.#starts.startChild(plan, input, parent, failures, index)
  }

  async startProcess(plan: ProcessPlan, input: unknown, key: string): Promise<string> {
    return (await this.#starts.start(plan, input, { key })).pid
  }

  waitForChild(child: string, answer: ChildAnswer): void {
    this.#children.waitFor(child, answer)
  }

  cancelChild(child: string, parent: string): void {
    this.#children.cancel(child, parent)
  }

  /**
   * Without a promise where nothing is waited for: a process must not get far before whoever
   * started it has its handle.
   */
  #runNew(live: LiveProcess): Promise<void> | undefined {
    this.#live.add(live)
    // Closed meanwhile: it stays pending for the next host.
    if (this.draining) return this.#release(live)
    live.start()
    return undefined
  }

  /**
   * What another host has now, or somebody deleted, ends here at once, whatever of it is under way.
   */
  #lose(pids: readonly string[], lossOf: (pid: string) => StepwrightError): void {
    const lost = pids.flatMap(pid => this.#live.get(pid) ?? [])
    if (lost.length === 0) return
    const losses = lost.map(live => {
      const loss = lossOf(live.pid)
      live.lose(loss)
      this.#live.remove(live.pid)
      return loss
    })
    this.#reports.lost(
      losses,
      lost.map(({ pid }) => pid),
    )
    this.#onLessWork()
  }

  #holds(pid: string): boolean {
    return this.#live.has(pid) || this.#starts.isCreating(pid) || this.#submissions.isCompleting(pid)
  }

  async #readPauses(): Promise<void> {
    const pauses = await readPauses(this.#readers.documents, ({ error }) =>
      this.#reports.problem('A pause in the store makes no sense', error),
    )
    this.pauses.set(pauses.map(({ name }) => name))
  }

  async #look(): Promise<void> {
    await this.#readPauses()
    const waiting = await this.#commands.waiting(pid => this.#live.has(pid) || this.#submissions.isWaiting(pid))
    this.#commands.apply(waiting)
    const cancelled = new Set(waiting.flatMap(({ type, pid }) => (type === 'cancel' ? pid : [])))
    if (!this.draining) await this.limits.retry()
    if (!this.draining) await this.#submissions.take(pid => cancelled.has(pid))
    this.#checkIdle()
  }

  /**
   * A process of this host needs nothing more for now. A worker looks for more to do before it says
   * that nothing is left.
   */
  #onLessWork(): void {
    if (this.#options.worker) this.#wakeups.wake()
    else this.#checkIdle()
  }

  /** A host that is no worker is asked seldom: it need not look at all its processes each time. */
  #checkIdle(): void {
    if (this.#options.worker || this.#idleness.isAwaited) this.#idleness.check()
  }

  async #close(withinMs: number): Promise<void> {
    // Nothing begins any more.
    this.draining = true
    this.#keepAlive.add(this)
    this.#schedules.stop()
    this.#submissions.stop()
    for (const end of this.#endings) end()
    // What runs is told to end, and each process is let go as soon as nothing of it runs.
    for (const live of this.#live.all()) live.shutDown()
    const left = this.#leave()
    left.catch(() => {})
    const late = Promise.withResolvers<void>()
    const cancel = this.clock.after(withinMs, late.resolve)
    try {
      await Promise.race([left, late.promise])
    } finally {
      cancel()
      // What still executes is given up here, though it keeps its owner in the store: see #leave.
      for (const live of this.#live.all()) live.disown()
      this.#keepAlive.close()
      await this.isolation?.close()
      this.#closing.abort(closedError('Open a client to read its processes'))
      this.#checkIdle()
      this.slots.close()
      this.events.emit('host', () => ({ type: 'closed' }))
    }
  }

  /**
   * Lets each process go at once, but for those that still execute: the host stays alive in the
   * store until they have settled.
   */
  async #leave(): Promise<void> {
    const release = (): Promise<void>[] => [...this.#live.all()].map(live => this.#release(live))
    await Promise.allSettled([this.#adoption.stop(), this.#wakeups.stop(), this.#starts.over(), ...release()])
    // Release processes that arrived while we waited above.
    await Promise.all(release())
    await this.store.close()
    if (this.#options.ownsStore) await this.#readers.close()
  }

  async #release(live: LiveProcess): Promise<void> {
    try {
      await live.release()
    } catch (error) {
      this.#reports.problem(
        `Process ${live.pid} could not be let go, and is taken up once this host is gone`,
        error,
        live.pid,
      )
    }
    this.#live.remove(live.pid)
  }
}
