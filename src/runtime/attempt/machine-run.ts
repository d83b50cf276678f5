import { isDeepStrictEqual } from 'node:util'
import {
  createActor,
  type AnyActor,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  type Snapshot,
} from 'xstate'
import { StepwrightError } from '../../errors.ts'
import type { AttemptFailure, MachineInput, MachineState, MachineTimer } from '../../machines/context.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { copyJson, toJson } from '../../record/json.ts'
import { isAmong, knowsEvent } from '../../steps/kinds/machine-like.ts'
import type { MachineStep } from '../../steps/kinds/machine.ts'
import type { Json } from '../../record/record.ts'
import type { Answer } from './actors.ts'
import { atTimeOrAfter } from '../../record/clock.ts'
import { hostStepActors } from './step-actor.ts'
import { StepActors } from './step-actors.ts'
import { putUndefineds, undefinedsIn } from './undefineds.ts'
import type { Workplace } from './workplace.ts'

/** An event that XState has put off, in its actor system. */
interface Scheduled {
  readonly source: AnyActorRef
  readonly target: AnyActorRef
  readonly event: EventObject
  readonly delay: number
  readonly id: string
}

interface System {
  getSnapshot(): { readonly _scheduledEvents: Readonly<Record<string, Scheduled>> }
  readonly scheduler: {
    schedule(source: AnyActorRef, target: AnyActorRef, event: EventObject, delay: number, id: string): void
  }
}

/** An event from outside. */
export type MachineEvent = EventObject & { readonly [key: string]: Json }

const systemOf = (actor: AnyActor): System => actor.system as System

/**
 * A user's machine while its step runs: an actor system of its own, so that its clock is ours.
 * XState forgets delayed events when it restores an actor; here each is stored with the time it is
 * due, and put on again.
 */
export class MachineRun {
  readonly #process: Workplace
  readonly #step: MachineStep
  readonly #answer: Answer
  /** When each delayed event is due, in epoch milliseconds. */
  readonly #due = new WeakMap<Scheduled, number>()
  #actor: AnyActor | undefined
  #stepActors: StepActors | undefined
  #isOver = false
  /** The state that is on record. */
  #recorded: MachineState | undefined
  #isStale = false
  /** The command behind the event that is being sent. */
  #command: string | undefined
  /** Resolves once the machine takes events. */
  readonly ready: Promise<void>

  constructor(process: Workplace, { step }: MachineInput, answer: Answer) {
    this.#process = process
    this.#step = process.stepNamed(step) as MachineStep
    this.#answer = answer
    this.ready = this.#enter()
    // Its process is lost: the barrier rejects, and nothing begins.
    this.ready.catch(() => {})
  }

  /** The name of its step. */
  get step(): string {
    return this.#step.name
  }

  /** It has ended, and takes nothing any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether a step actor of it takes the slot of the process. */
  get isWorking(): boolean {
    return this.#stepActors?.isWorking === true
  }

  stop(): void {
    this.#isOver = true
    this.#actor?.stop()
  }

  /** @throws ERR_UNKNOWN_EVENT */
  async send(event: MachineEvent, command: string | undefined): Promise<void> {
    if (this.#step.strict && !knowsEvent(this.#step.machine, event.type))
      throw unknownEvent(this.#process.pid, this.#step.name, event.type)
    await this.ready
    // The next host's machine takes it.
    if (!this.#actor)
      throw new StepwrightError('ERR_RUNTIME_CLOSED', `The runtime of process ${this.#process.pid} is closing`)
    if (this.#step.strict && !isAmong(eventsOf(this.#actor), event.type)) throw this.#refusal(this.#actor, event.type)
    // The record of what it changes carries the command's id; if it changes nothing, one is written
    // for the id.
    this.#command = command
    this.#isStale ||= command !== undefined
    this.#actor.send(event)
    this.#write()
    this.#command = undefined
    await this.#process.barrier()
  }

  #refusal(actor: AnyActor, type: string): StepwrightError {
    const { value } = actor.getSnapshot() as AnyMachineSnapshot
    const where = `The machine of step '${this.#step.name}' of process ${this.#process.pid} is in ${JSON.stringify(value)}`
    return new StepwrightError(
      'ERR_EVENT_REFUSED',
      `${where} and takes no event ${JSON.stringify(type)} there, only: ${eventsOf(actor).join(', ') || 'none'}`,
    )
  }

  async #enter(): Promise<void> {
    await Promise.resolve()
    // The record that says that the step begins comes first.
    await this.#process.barrier()
    if (this.#isOver || this.#process.environment.draining) return
    try {
      this.#start()
    } catch (error) {
      this.#fail(error)
    }
  }

  #start(): void {
    const { machineContext, pid } = this.#process
    const { clock, inspect, show } = this.#process.environment
    this.#recorded = machineContext.machine
    const before =
      machineContext.machine && (copyJson(machineContext.machine as unknown as Json) as unknown as MachineState)
    if (before) putUndefineds(before)
    const actor = (this.#actor = createActor(this.#step.machine as AnyStateMachine, {
      id: `${pid}.${this.#step.name}`,
      input: copyJson(machineContext.data),
      ...(before && { snapshot: before.snapshot as unknown as Snapshot<unknown> }),
      clock: {
        setTimeout: (ring: () => void, ms: number) => {
          this.#noteDue()
          return atTimeOrAfter(clock, clock.now() + ms, ring)
        },
        clearTimeout: (cancel: (() => void) | undefined) => cancel?.(),
      },
      inspect: event => {
        inspect?.(event)
        if (event.type === '@xstate.snapshot') this.#changed()
      },
    }))
    const stepActors = (this.#stepActors = new StepActors({
      process: this.#process,
      step: this.#step.name,
      visits: before?.visits,
      pathOf: child => pathsOf(actor).get(child) ?? [child.id],
      write: () => this.#write(),
    }))
    hostStepActors(actor.system, (...begun) => stepActors.begin(...begun))
    show?.(actor)
    actor.subscribe({ error: error => this.#fail(error), complete: () => this.#done(actor) })
    actor.start()
    for (const { source, target, event, at, id } of before?.timers ?? []) {
      const [from, to] = [actorAt(actor, source), actorAt(actor, target)]
      if (from && to)
        systemOf(actor).scheduler.schedule(from, to, event as unknown as EventObject, Math.max(0, at - clock.now()), id)
    }
    this.#changed()
  }

  #done(actor: AnyActor): void {
    if (this.#isOver) return
    this.#isOver = true
    try {
      const { output, value } = actor.getSnapshot() as { output: unknown; value: Json }
      this.#answer.resolve({
        at: this.#process.environment.clock.now(),
        output: toJson(output, this.#process.environment.maxRecordBytes),
        state: value,
        command: this.#command,
      })
    } catch (error) {
      this.#reject(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.stop()
    this.#reject(error)
  }

  #reject(error: unknown): void {
    const failure: AttemptFailure = {
      at: this.#process.environment.clock.now(),
      error: toErrorRecord(error),
      retryable: false,
    }
    this.#answer.reject(failure)
  }

  /** One record per macrostep: states in between cannot be restored. */
  #changed(): void {
    if (this.#isStale) return
    this.#isStale = true
    queueMicrotask(() => this.#write())
  }

  #write(): void {
    if (!this.#isStale || this.#isOver || !this.#actor) return
    this.#isStale = false
    try {
      const state = this.#state(this.#actor)
      if (this.#command === undefined && isDeepStrictEqual(state, this.#recorded)) return
      this.#recorded = state
      this.#process.machineChanged(this.#step.name, state, this.#command)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const code = cause instanceof StepwrightError ? cause.code : 'ERR_NOT_RESTORABLE'
      this.#fail(
        new StepwrightError(code, `The state of the machine of step '${this.#step.name}' cannot be stored: ${why}`, {
          cause,
        }),
      )
    }
  }

  #state(actor: AnyActor): MachineState {
    const snapshot = actor.getPersistedSnapshot()
    const nameless = nameActors(actor, snapshot as unknown as Persisted)
    if (nameless !== undefined)
      throw new StepwrightError(
        'ERR_NOT_RESTORABLE',
        `it spawned '${nameless}', an actor that has no name. Give its logic one: setup({ actors: { ${/^[a-z_$][\w$]*$/i.test(nameless) ? nameless : 'name'}: ... } })`,
      )
    const paths = pathsOf(actor)
    const timers = Object.values(systemOf(actor).getSnapshot()._scheduledEvents).flatMap(
      (scheduled): MachineTimer[] => {
        const [source, target] = [paths.get(scheduled.source), paths.get(scheduled.target)]
        const at = this.#due.get(scheduled)
        return source && target && at !== undefined
          ? [{ source, target, event: scheduled.event, at, id: scheduled.id }]
          : []
      },
    )
    const undefineds = undefinedsIn(snapshot)
    const visits = this.#stepActors?.visits
    return toJson(
      {
        snapshot,
        timers,
        events: eventsOf(actor),
        ...(undefineds.length > 0 && { undefineds }),
        ...(visits && { visits }),
      },
      this.#process.environment.maxRecordBytes,
    ) as unknown as MachineState
  }

  /** XState notes a delayed event just before it asks the clock to ring. */
  #noteDue(): void {
    if (!this.#actor) return
    for (const scheduled of Object.values(systemOf(this.#actor).getSnapshot()._scheduledEvents))
      if (!this.#due.has(scheduled)) this.#due.set(scheduled, this.#process.environment.clock.now() + scheduled.delay)
  }
}

export const unknownEvent = (pid: string, step: string, type: string): StepwrightError =>
  new StepwrightError(
    'ERR_UNKNOWN_EVENT',
    `The machine of step '${step}' of process ${pid} knows no event ${JSON.stringify(type)}`,
  )

/** XState's own events, such as those of delays, are no one's to send. */
function eventsOf(actor: AnyActor): string[] {
  const { _nodes } = actor.getSnapshot() as AnyMachineSnapshot
  const types = _nodes.flatMap(({ ownEvents }) => ownEvents as string[])
  return [...new Set(types)].filter(type => !type.startsWith('xstate.')).toSorted()
}

interface Persisted {
  readonly children?: Readonly<Record<string, { src: unknown; readonly snapshot: Persisted }>>
}

/**
 * Gives actors that were spawned by their logic the names under which their parents have it, so
 * that they can be restored. Returns the id of one whose logic has no name.
 */
function nameActors(actor: AnyActorRef, { children = {} }: Persisted): string | undefined {
  const { implementations } = (actor as AnyActor).logic as {
    implementations?: { actors: Readonly<Record<string, unknown>> }
  }
  const actors = implementations?.actors ?? {}
  for (const [id, persisted] of Object.entries(children)) {
    if (typeof persisted.src !== 'string')
      persisted.src = Object.keys(actors).find(name => actors[name] === persisted.src)
    const child = childrenOf(actor)[id]
    const nameless = persisted.src === undefined ? id : child && nameActors(child, persisted.snapshot)
    if (nameless !== undefined) return nameless
  }
  return undefined
}

const childrenOf = (actor: AnyActorRef): Readonly<Record<string, AnyActorRef>> =>
  (actor.getSnapshot() as { children?: Record<string, AnyActorRef> } | undefined)?.children ?? {}

/** Every actor of a system by the ids that lead to it. */
function pathsOf(actor: AnyActorRef, path: readonly string[] = []): Map<AnyActorRef, readonly string[]> {
  const below = Object.entries(childrenOf(actor)).flatMap(([id, child]) => [...pathsOf(child, [...path, id])])
  return new Map([[actor, path], ...below])
}

const actorAt = (actor: AnyActorRef, path: readonly string[]): AnyActorRef | undefined =>
  path.reduce<AnyActorRef | undefined>((found, id) => found && childrenOf(found)[id], actor)
