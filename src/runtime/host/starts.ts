import { isStoreError, StepwrightError } from '../../errors.ts'
import { startChannel, traced, type StartMessage } from '../../record/diagnostics.ts'
import { queueFields, type Origin } from '../../client/new-process.ts'
import { childKey } from '../../record/child-key.ts'
import { toJson } from '../../record/json.ts'
import type { Json, ProcessIdentity, ProcessRecord } from '../../record/record.ts'
import { limitsOf } from '../../steps/limit.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import { validate } from '../../steps/validate.ts'
import { ShortLivedMap } from '../../store/short-lived-map.ts'
import type { HostStore, Store } from '../../store/store.ts'
import type { ProcessHandle } from '../handle.ts'
import { checkStartMany, checkStartOptions, type StartManyOptions, type StartOptions } from '../options.ts'
import type { Environment } from '../process/environment.ts'
import { LiveProcess } from '../process/live-process.ts'
import type { KnownProgram, Programs } from './programs.ts'

export interface StartsOptions {
  readonly environment: Environment
  readonly store: Pick<HostStore, 'hostId' | 'create'>
  readonly readers: Pick<Store, 'get' | 'holderOf' | 'submit' | 'submitMany'>
  readonly programs: Programs
  readonly createPid: (now: number) => string
  /** The process is in the store, owned by this host: lets it go. */
  readonly run: (live: LiveProcess) => Promise<void> | undefined
  /** The process waits in the store, without an owner: any host that knows it takes it. */
  readonly onQueued: (pid: string) => void
  readonly handleOf: (pid: string, live?: LiveProcess) => ProcessHandle
  /** The store has not answered: it may have done what was asked. */
  readonly onNoAnswer: () => void
  /** Throws once the host closes. */
  readonly mustBeOpen: () => void
}

/** Starts processes that this host then runs. */
export class Starts {
  readonly #options: StartsOptions
  readonly #underWay = new ShortLivedMap<Promise<unknown>, true>()
  readonly #creating = new ShortLivedMap<string, true>()

  constructor(options: StartsOptions) {
    this.#options = options
  }

  /** The process is being put into the store. */
  isCreating(pid: string): boolean {
    return this.#creating.has(pid)
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0
  }

  /** Resolves once every start that is under way is over. */
  async over(): Promise<void> {
    await Promise.allSettled(this.#underWay.keys())
  }

  /** The process is in the store when it resolves. */
  async start(
    plan: ProcessPlan,
    input: unknown,
    options: StartOptions,
    parent?: ProcessIdentity['parent'],
  ): Promise<ProcessHandle> {
    const starting = startChannel.hasSubscribers
      ? this.#traced(plan, input, options, parent)
      : this.#start(plan, input, options, parent)
    this.#underWay.set(starting, true)
    try {
      return await starting
    } finally {
      this.#underWay.delete(starting)
    }
  }

  /** They are in the store when it resolves, and wait there. */
  async startMany(plan: ProcessPlan, inputs: readonly unknown[], options: StartManyOptions): Promise<ProcessHandle[]> {
    const starting = this.#startMany(plan, inputs, options)
    this.#underWay.set(starting, true)
    try {
      return await starting
    } finally {
      this.#underWay.delete(starting)
    }
  }

  async #startMany(plan: ProcessPlan, inputs: readonly unknown[], options: StartManyOptions): Promise<ProcessHandle[]> {
    const { environment, readers, createPid, onQueued, handleOf, mustBeOpen } = this.#options
    mustBeOpen()
    const { timeoutMs = plan.timeoutMs, ...origin } = checkStartMany(inputs, options)
    const program = this.#programOf(plan, timeoutMs)
    const now = environment.clock.now()
    const pids = inputs.map(() => createPid(now)).toSorted()
    const records: ProcessRecord[] = []
    for (const [index, input] of inputs.entries()) {
      const identity = { ...(await this.#identityOf(program, input, origin, now)) }
      await environment.yieldLoop()
      const pid = pids[index]!
      // First records of one definition differ in what never changes only.
      records.push(
        records[0] === undefined
          ? new LiveProcess(environment, program, identity, { pid, timeoutMs }).record
          : { ...records[0], ...identity, pid },
      )
    }
    const submitted = await readers.submitMany(records)
    for (const { pid } of submitted) onQueued(pid)
    return submitted.map(({ pid }) => handleOf(pid))
  }

  #programOf(plan: ProcessPlan, timeoutMs: number | undefined): KnownProgram {
    const { programs } = this.#options
    const program = programs.find(plan, timeoutMs !== undefined)
    if (!program) throw unknownDefinition(plan, programs)
    return program
  }

  async #identityOf(
    { plan, shape, outline }: KnownProgram,
    input: unknown,
    { key, labels, delay, priority }: Origin,
    now: number,
  ): Promise<ProcessIdentity> {
    const parsed: unknown = plan.inputSchema
      ? (await validate(plan.inputSchema, input, `the input of process '${plan.name}'`)).value
      : input
    const json = toJson(parsed, this.#options.environment.maxRecordBytes)
    const limits = limitsOf(plan, json)
    return {
      version: plan.version,
      shape,
      createdAt: now,
      input: json,
      outline,
      ...(key !== undefined && { key }),
      ...(labels && { labels }),
      ...queueFields({ delay, priority }, now),
      ...(limits && { limits }),
    }
  }

  /**
   * A child has the same key at every attempt to start it: the one there is is found again (rule
   * 7.6). Resolves with its pid.
   */
  async startChild(
    plan: ProcessPlan,
    input: Json,
    parent: { readonly pid: string; readonly step: string },
    failures: number,
    index?: number,
  ): Promise<string> {
    const key = childKey(parent.pid, parent.step, failures, index)
    return (await this.start(plan, input, { key }, parent)).pid
  }

  #traced(
    plan: ProcessPlan,
    input: unknown,
    options: StartOptions,
    parent: ProcessIdentity['parent'],
  ): Promise<ProcessHandle> {
    const message: StartMessage = { operation: 'start', name: plan.name, key: options.key }
    return traced(startChannel, message, async () => {
      const handle = await this.#start(plan, input, options, parent, message)
      message.pid = handle.pid
      return handle
    })
  }

  async #start(
    plan: ProcessPlan,
    input: unknown,
    options: StartOptions,
    parent: ProcessIdentity['parent'],
    message?: StartMessage,
  ): Promise<ProcessHandle> {
    const { environment, store, readers, createPid, run, onQueued, handleOf, mustBeOpen } = this.#options
    mustBeOpen()
    const { timeoutMs = plan.timeoutMs, ...origin } = checkStartOptions(options)
    const program = this.#programOf(plan, timeoutMs)
    const now = environment.clock.now()
    const identity: ProcessIdentity = {
      ...(await this.#identityOf(program, input, origin, now)),
      ...(parent && { parent }),
      ...(message?.trace && { trace: message.trace }),
    }
    const live = new LiveProcess(environment, program, identity, { pid: createPid(now), timeoutMs })
    await environment.yieldLoop()
    const { key } = origin
    if (origin.delay !== undefined || identity.limits !== undefined) {
      const { pid, created } = await readers.submit(live.record)
      if (created) onQueued(pid)
      return handleOf(pid)
    }
    this.#creating.set(live.pid, true)
    try {
      const { pid, created } = await store.create(live.record)
      if (!created) return handleOf(pid)
    } catch (error) {
      if (!(await this.#isCreated(live.pid, key, error))) throw error
    } finally {
      this.#creating.delete(live.pid)
    }
    const released = run(live)
    if (released !== undefined) await released
    return handleOf(live.pid, live)
  }

  /**
   * A store that fails may have done what was asked all the same. A process that is there without
   * its key is half done.
   */
  async #isCreated(pid: string, key: string | undefined, error: unknown): Promise<boolean> {
    const { store, readers, onNoAnswer } = this.#options
    if (!isStoreError(error)) return false
    try {
      const found = await readers.get(pid)
      const holder = key === undefined ? pid : await readers.holderOf(key)
      if (found?.host?.id === store.hostId && holder === pid) return true
    } catch {
      // It cannot be known now.
    }
    onNoAnswer()
    return false
  }
}

/** A definition that merely looks like the one known here may do other work: it is refused too. */
function unknownDefinition(plan: ProcessPlan, programs: Programs): StepwrightError {
  const what = `Process '${plan.name}' version '${plan.version}'`
  const message = programs.has(plan)
    ? `${what} is known to this runtime as another object: start the one that createRuntime({ processes }) was given, or change the version`
    : `${what} is not known to this runtime: give it to createRuntime({ processes })`
  return new StepwrightError('ERR_UNKNOWN_DEFINITION', message)
}
