import type {
  AnyActorRef,
  AnyActorScope,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
} from 'xstate'
import type { ActorLogic, EventObject } from 'xstate'
import type { Begin, ProcessContext } from './context.ts'
import { changeOf, type Change } from './states/nodes.ts'
import { innermost, InvokedActor, stopChild, underWay, type InvokedSnapshot } from './xstate-internals.ts'

type Children = AnyMachineSnapshot['children']
type Logic = Required<ActorLogic<AnyMachineSnapshot, EventObject>>

/** What is known of a state before any process is in it. */
interface Row {
  readonly node: AnyStateNode
  /** A snapshot of the state, but for context and children. */
  readonly template: AnyMachineSnapshot
  /**
   * By type of event, in the order in which XState asks their guards: from the innermost state
   * outwards.
   */
  readonly edges: ReadonlyMap<string, readonly Edge[]>
}

interface Edge {
  readonly guard: ((args: { context: ProcessContext; event: EventObject }) => boolean) | undefined
  /** Absent: XState has to find it. */
  readonly way?: Way
}

/** A transition, as far as it does not depend on data. */
interface Way {
  readonly change: Change
  readonly target: AnyStateNode
  /** Ids of what the states that are left invoke. */
  readonly stops: readonly string[]
  readonly begins: readonly Invocation[]
}

interface Invocation {
  readonly id: string
  readonly src: string
  readonly begin: Begin<unknown>
  readonly input: (args: { context: ProcessContext; event: EventObject; self: AnyActorScope['self'] }) => unknown
}

/**
 * The same machine with the transitions of its sequential part worked out once: which states are
 * left and entered, and what they invoke, does not depend on data. What remains to do at run time
 * are guards, one change of the context, and the children.
 *
 * All else is XState's, as before: parallel states, an event that no state takes, and whatever
 * throws.
 */
export function tabulate(machine: AnyStateMachine): AnyStateMachine {
  const xstate = machine as unknown as Logic
  const table = new TransitionTable(machine)
  const tabulated: Pick<Logic, 'transition' | 'getInitialSnapshot' | 'restoreSnapshot'> = {
    transition: (snapshot, event, scope) =>
      orElse(
        () => table.next(snapshot, event, scope),
        () => xstate.transition(snapshot, event, scope),
      ),
    getInitialSnapshot: (scope, input) =>
      orElse(
        () => table.first(input),
        () => xstate.getInitialSnapshot(scope, input),
      ),
    restoreSnapshot: (persisted, scope) =>
      orElse(
        () => table.restored(persisted as unknown as PersistedSnapshot, scope),
        () => xstate.restoreSnapshot(persisted, scope),
      ),
  }
  return Object.assign(Object.create(machine) as AnyStateMachine, tabulated)
}

/** What throws has done nothing yet: XState does it again, and fails in its own words. */
function orElse<T>(work: () => T | undefined, otherwise: () => T): T {
  let made: T | undefined
  try {
    made = work()
  } catch {
    // As above.
  }
  return made ?? otherwise()
}

interface PersistedSnapshot {
  readonly status: string
  readonly value: unknown
  readonly context: ProcessContext
  readonly historyValue: object
  readonly children: Readonly<Record<string, { readonly src: string; readonly snapshot: InvokedSnapshot }>>
}

class TransitionTable {
  readonly #machine: AnyStateMachine
  readonly #rows = new Map<AnyStateNode, Row | undefined>()

  constructor(machine: AnyStateMachine) {
    this.#machine = machine
  }

  /** `undefined`: XState has to make the transition. */
  next(snapshot: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope): AnyMachineSnapshot | undefined {
    if (snapshot.status !== 'active') return undefined
    const context = snapshot.context as ProcessContext
    const edges = this.#rowOf(innermost(snapshot))?.edges.get(event.type)
    const way = edges?.find(({ guard }) => guard === undefined || guard({ context, event }))?.way
    return way && this.#go(way, snapshot, event, scope)
  }

  /** The state in which a process is made; `undefined`: XState has to enter it. */
  first(input: unknown): AnyMachineSnapshot | undefined {
    const path = entering(this.#machine.root)
    const row = path.some(({ invoke }) => invoke.length > 0) ? undefined : this.#rowOf(path.at(-1) as AnyStateNode)
    const contextOf = this.#machine.config.context as unknown as (args: { input: unknown }) => ProcessContext
    return row && snapshotOf(row, contextOf({ input }), {}, {})
  }

  /** `undefined`: XState has to restore it. */
  restored(
    { status, value, context, children, historyValue }: PersistedSnapshot,
    { self }: AnyActorScope,
  ): AnyMachineSnapshot | undefined {
    const node = status === 'active' && isEmpty(historyValue) ? nodeAt(this.#machine.root, value) : undefined
    const row = node && this.#rowOf(node)
    if (row === undefined) return undefined
    const invoked = pathTo(row.node).flatMap(one => this.#invocations(one) ?? [])
    const revived: Children = {}
    for (const [id, { snapshot }] of Object.entries(children)) {
      const invocation = invoked.find(one => one.id === id)
      if (invocation === undefined) return undefined
      revived[id] = new InvokedActor(invocation, self, snapshot) as never
    }
    return snapshotOf(row, context, revived, {})
  }

  #go(
    { change, target, stops, begins }: Way,
    snapshot: AnyMachineSnapshot,
    event: EventObject,
    scope: AnyActorScope,
  ): AnyMachineSnapshot {
    const before = snapshot.context as ProcessContext
    const context = changed(before, change(before, event))
    const { self } = scope
    const begun = begins.map(
      invocation => new InvokedActor(invocation, self, underWay(invocation.input({ context, event, self }))),
    )
    const children: Children = {}
    for (const id in snapshot.children) if (!stops.includes(id)) children[id] = snapshot.children[id]
    for (const child of begun) children[child.id] = child as never
    const next = snapshotOf(this.#rowOf(target) as Row, context, children, snapshot.historyValue)
    // From here on nothing throws.
    for (const id of stops) {
      const child = snapshot.children[id] as AnyActorRef | undefined
      if (child !== undefined) stopChild(child, scope)
    }
    for (const child of begun) scope.defer(() => child.start())
    return next
  }

  #rowOf(node: AnyStateNode): Row | undefined {
    if (this.#rows.has(node)) return this.#rows.get(node)
    const row = this.#isSequential(node) ? this.#makeRow(node) : undefined
    this.#rows.set(node, row)
    return row
  }

  #makeRow(node: AnyStateNode): Row {
    const path = pathTo(node)
    const edges = new Map<string, Edge[]>()
    for (const one of path.toReversed())
      for (const [event, transitions] of one.transitions)
        edges.set(event, [...(edges.get(event) ?? []), ...transitions.map(transition => this.#edge(path, transition))])
    const template = this.#machine.resolveState({ value: valueOf(path) as never, context: {} })
    return { node, template, edges }
  }

  /** @param path the active states */
  #edge(
    path: readonly AnyStateNode[],
    { guard, actions, source, target: targets = [], reenter }: AnyTransitionDefinition,
  ): Edge {
    // Those that XState has made of others have a `check`.
    if (guard !== undefined && (typeof guard !== 'function' || 'check' in guard)) return { guard: undefined }
    const edge = { guard: guard as unknown as Edge['guard'] }
    const change = actions.length === 1 ? changeOf(actions[0] as unknown as object) : undefined
    if (change === undefined || targets.length > 1) return edge
    const [target] = targets as readonly AnyStateNode[]
    if (target === undefined)
      return { ...edge, way: { change, target: path.at(-1) as AnyStateNode, stops: [], begins: [] } }
    const entered = [...pathTo(target), ...entering(target)]
    // The innermost state that is neither left nor entered.
    const domain = !reenter && entered.includes(source) ? source : commonAncestor(target, source)
    const last = entered.at(-1) as AnyStateNode
    if (domain === undefined || !this.#isSequential(last)) return edge
    const depth = path.indexOf(domain) + 1
    const stops = path
      .slice(depth)
      .toReversed()
      .flatMap(({ invoke }) => invoke.map(({ id }) => id))
    const begins = entered.slice(depth).flatMap(node => this.#invocations(node) ?? [])
    return { ...edge, way: { change, target: last, stops, begins } }
  }

  /**
   * Whether a process in this state is in no other but those around it, and all that happens when
   * it enters and leaves them is invocations.
   */
  #isSequential(node: AnyStateNode): boolean {
    const isEnd = node.type === 'final' && node.parent === this.#machine.root
    return (
      (node.type === 'atomic' || isEnd) &&
      pathTo(node).every(one => isPlain(one) && this.#invocations(one) !== undefined)
    )
  }

  /** What a state invokes; `undefined`: something that is more than an answer. */
  #invocations({ invoke }: AnyStateNode): Invocation[] | undefined {
    const found = invoke.flatMap(({ id, src, input, systemId, onSnapshot }): Invocation[] => {
      const logic =
        typeof src === 'string'
          ? (this.#machine.implementations.actors?.[src] as { begin?: Begin<unknown> } | undefined)
          : undefined
      if (
        logic?.begin === undefined ||
        typeof input !== 'function' ||
        systemId !== undefined ||
        onSnapshot !== undefined
      )
        return []
      return [{ id, src: src as string, begin: logic.begin, input: input as unknown as Invocation['input'] }]
    })
    return found.length === invoke.length ? found : undefined
  }
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

/**
 * Most changes are whole contexts already: to spread one over the other costs more than to make it.
 */
const changed = (context: ProcessContext, change: Partial<ProcessContext>): ProcessContext =>
  'pid' in change ? (change as ProcessContext) : { ...context, ...change }

/** From the root. */
const pathTo = (node: AnyStateNode): AnyStateNode[] => (node.parent ? [...pathTo(node.parent), node] : [node])

/** The states within a state that are entered with it. */
function entering({ type, initial }: AnyStateNode): AnyStateNode[] {
  const [first] = type === 'compound' ? (initial.target as readonly AnyStateNode[]) : []
  return first ? [first, ...entering(first)] : []
}

const commonAncestor = (a: AnyStateNode, b: AnyStateNode): AnyStateNode | undefined => {
  const others = pathTo(b).slice(0, -1)
  return pathTo(a)
    .slice(0, -1)
    .findLast(node => others.includes(node))
}

function isPlain({
  type,
  always,
  entry,
  exit,
  transitions,
  config,
  states,
  parent,
  output,
  initial,
}: AnyStateNode): boolean {
  return (
    type !== 'parallel' &&
    type !== 'history' &&
    !always?.length &&
    entry.length === 0 &&
    exit.length === 0 &&
    config.onDone === undefined &&
    (output === undefined || parent === undefined) &&
    (type !== 'compound' || initial.actions.length === 0) &&
    [...transitions.keys()].every(event => !event.includes('*')) &&
    Object.values(states).every(state => state.type !== 'history')
  )
}

/** As XState writes where a process is: `{ running: { parse: 'waiting' } }`. */
const valueOf = ([, ...path]: readonly AnyStateNode[]): unknown =>
  path.reduceRight<unknown>((inside, { key }) => (inside === undefined ? key : { [key]: inside }), undefined)

function nodeAt(node: AnyStateNode, value: unknown): AnyStateNode | undefined {
  if (typeof value === 'string') return node.states[value] as AnyStateNode | undefined
  const [[key, inside] = ['', undefined], ...more] = Object.entries(value as object) as [string, unknown][]
  const state = node.states[key] as AnyStateNode | undefined
  return state === undefined || more.length > 0 ? undefined : nodeAt(state, inside)
}

function snapshotOf(
  { node, template }: Row,
  context: ProcessContext,
  children: Children,
  historyValue: AnyMachineSnapshot['historyValue'],
): AnyMachineSnapshot {
  const output =
    node.type === 'final'
      ? (node.machine.root.output as (args: { context: ProcessContext }) => unknown)({ context })
      : undefined
  return { ...template, output, context, children, historyValue } as AnyMachineSnapshot
}
