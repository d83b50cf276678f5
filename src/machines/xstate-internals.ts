// All that leans on what XState has inside and does not document: where a snapshot keeps its state
// nodes, and what a parent does with a child. `checkXState` fails where another version does these
// things in another way.
import {
  createActor,
  createMachine,
  type AnyActor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyActorScope,
} from 'xstate'
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, Snapshot } from 'xstate'
import type { Answer, Begin } from './context.ts'

/** XState's `ProcessingStatus`, which it does not export. */
const NOT_STARTED = 0
const RUNNING = 1
const STOPPED = 2

/**
 * What XState calls of a child that takes no events. `_stop` and `_processingStatus` are no part of
 * its types.
 */
type Child = Pick<
  AnyActorRef,
  'id' | 'src' | 'start' | 'getSnapshot' | 'getPersistedSnapshot' | '_parent' | 'toJSON'
> & {
  readonly _processingStatus: number
  readonly _syncSnapshot: boolean
  _stop(): unknown
}

interface Invoked {
  readonly id: string
  readonly src: string
  readonly begin: Begin<unknown>
}

export type InvokedSnapshot = Snapshot<unknown> & { readonly input: unknown }

export const underWay = (input: unknown): InvokedSnapshot => ({
  status: 'active',
  output: undefined,
  error: undefined,
  input,
})

/**
 * The actor of an invocation that only answers, once: it takes no events, so it needs no mailbox,
 * no observers and no place in the actor system.
 */
export class InvokedActor implements Child, Answer {
  readonly id: string
  readonly src: string
  readonly _parent: AnyActorRef
  _processingStatus = NOT_STARTED
  readonly #begin: Begin<unknown>
  #stop: (() => void) | undefined
  #snapshot: InvokedSnapshot

  /** Whether its parent wants to be told of each of its snapshots. */
  get _syncSnapshot(): boolean {
    return false
  }

  constructor({ id, src, begin }: Invoked, parent: AnyActorRef, snapshot: InvokedSnapshot) {
    this.id = id
    this.src = src
    this._parent = parent
    this.#begin = begin
    this.#snapshot = snapshot
  }

  start(): void {
    if (this._processingStatus !== NOT_STARTED) return
    this._processingStatus = RUNNING
    try {
      this.#stop = this.#begin(this.#snapshot.input, this)
    } catch (error) {
      this.#end({ ...this.#snapshot, status: 'error', output: undefined, error })
    }
  }

  _stop(): void {
    const isRunning = this._processingStatus === RUNNING
    this._processingStatus = STOPPED
    if (!isRunning) return
    const before = this.#snapshot
    this.#snapshot = { status: 'stopped', output: undefined, error: undefined, input: undefined }
    try {
      this.#stop?.()
    } catch (error) {
      this.#end({ ...before, status: 'error', output: undefined, error })
    }
  }

  resolve(output: unknown): void {
    if (this._processingStatus === RUNNING) this.#end({ status: 'done', output, error: undefined, input: undefined })
  }

  reject(error: unknown): void {
    if (this._processingStatus === RUNNING) this.#end({ status: 'error', output: undefined, error, input: undefined })
  }

  getSnapshot(): Snapshot<unknown> {
    return this.#snapshot
  }

  getPersistedSnapshot(): Snapshot<unknown> {
    return this.#snapshot
  }

  toJSON(): object {
    return { xstate$$type: 1, id: this.id }
  }

  #end(snapshot: InvokedSnapshot & { readonly status: 'done' | 'error' }): void {
    this._processingStatus = STOPPED
    this.#snapshot = snapshot
    const { id } = this
    if (snapshot.status === 'done')
      this._parent.send({ type: `xstate.done.actor.${id}`, output: snapshot.output, actorId: id })
    else this._parent.send({ type: `xstate.error.actor.${id}`, error: snapshot.error, actorId: id })
  }
}

/** As XState stops a child whose state is left: one that runs, once the transition is made. */
export function stopChild(child: AnyActorRef, scope: AnyActorScope): void {
  if ((child as unknown as Child)._processingStatus === RUNNING) scope.defer(() => scope.stopChild(child))
  else scope.stopChild(child)
}

/**
 * The innermost active state, of a machine that is in no parallel one; else one of the innermost.
 */
export const innermost = ({ _nodes }: AnyMachineSnapshot): AnyStateNode => _nodes[_nodes.length - 1] as AnyStateNode

/**
 * The parent of all actors of processes, which is told of their ends and does nothing. With it they
 * share one actor system: one for each takes 2 KiB, for timers, names and observers that none of
 * them has. A system would know its actors by id; this one does not keep them.
 */
export function commonParent(): AnyActorRef {
  parent ??= {
    system: Object.assign(Object.create(createActor(PROBE).system) as object, {
      _register: (id: string) => id,
      _unregister() {},
    }),
    _send() {},
  } as unknown as AnyActorRef
  return parent
}
let parent: AnyActorRef | undefined

/** Of an actor with or without a parent: XState lets only those without be stopped. */
export const stopActor = (actor: AnyActor): void => void (actor as unknown as Child)._stop()

const PROBE = createMachine({
  initial: 'working',
  states: { working: { invoke: { id: 'work', src: 'work', onDone: 'over' }, on: { LEAVE: 'over' } }, over: {} },
}) as unknown as AnyStateMachine

/**
 * Whether this XState takes an `InvokedActor` for one of its own. @throws Error that says what is
 * different
 */
export function checkXState(): void {
  const told: string[] = []
  const begin: Begin<unknown> = () => {
    told.push('begun')
    return () => told.push('stopped')
  }
  const probe = (): { readonly actor: AnyActor; readonly child: InvokedActor } => {
    let child: InvokedActor | undefined
    const getInitialSnapshot = ({ self }: AnyActorScope): AnyMachineSnapshot => {
      child = new InvokedActor({ id: 'work', src: 'work', begin }, self, underWay(undefined))
      return {
        ...PROBE.resolveState({ value: 'working', context: {} }),
        children: { work: child },
      } as unknown as AnyMachineSnapshot
    }
    const logic = Object.assign(Object.create(PROBE) as AnyActorLogic, { getInitialSnapshot })
    const actor = createActor(logic, { parent: commonParent() }).start()
    return { actor, child: child as InvokedActor }
  }
  const answering = probe()
  answering.child.resolve('an answer')
  const leaving = probe()
  leaving.actor.send({ type: 'LEAVE' })
  const stopping = probe()
  stopActor(stopping.actor)
  const left = leaving.actor.getSnapshot() as AnyMachineSnapshot
  const wrong =
    told.join(' ') !== 'begun begun stopped begun stopped'
      ? `of its children it says '${told.join(' ')}'`
      : (answering.actor.getSnapshot() as AnyMachineSnapshot).value !== 'over'
        ? 'a child that answers moves nothing'
        : innermost(left).key !== 'over' || innermost(PROBE.resolveState({ value: 'over', context: {} })).key !== 'over'
          ? 'the innermost state is not the last'
          : Object.keys(left).join() !== Object.keys(PROBE.resolveState({ value: 'over', context: {} })).join()
            ? 'its snapshots have other fields'
            : undefined
  if (wrong !== undefined)
    throw new Error(
      `This version of XState works in another way inside than 5.33, for which transitions are tabulated: ${wrong}. ` +
        'Install the version that stepwright names, or set STEPWRIGHT_TRANSITIONS=xstate',
    )
}
