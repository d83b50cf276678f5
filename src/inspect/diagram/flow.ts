/** The parts of a state of a chart that a diagram needs. */
interface State {
  readonly type?: string
  readonly on?: Readonly<Record<string, unknown>>
  readonly states?: Readonly<Record<string, State>>
}

/** A step as a diagram shows it. */
export interface FlowNode {
  readonly name: string
  readonly kind: 'step' | 'sleep' | 'interrupt'
  /** Whether failed attempts are retried. */
  readonly retries: boolean
  /** Whether the process pauses after it until it may proceed. */
  readonly pauses: boolean
  readonly skippable: boolean
  /** What it runs, unless that is its own function. */
  readonly runs: (typeof RUNS)[keyof typeof RUNS] | undefined
  /** Its branches. */
  readonly parts: readonly string[]
  /** Whether it may fail, so that the process ends in `error`. */
  readonly fails: boolean
  /** Whether it can be undone. */
  readonly undoes: boolean
  /** The step that is undone first if this one fails. */
  readonly back: string | undefined
  /** The steps that may follow; `finished` is the end. */
  readonly next: readonly string[]
}

export interface Flow {
  readonly id: string
  /** In the order of the definition. */
  readonly nodes: readonly FlowNode[]
  /** Whether the process has a deadline. */
  readonly timed: boolean
}

export const FINISHED = 'finished'
const GROUPS = ['running', 'sleeping', 'interrupted'] as const
/** The kinds of steps, by a state inside of them. */
const RUNS = {
  items: 'each item',
  child: 'another process',
  children: 'a process for each item',
  machine: 'a machine',
} as const
/** Events of hosts are not drawn. */
const OF_HOSTS = new Set(['RECOVER', 'CANCEL'])

/**
 * Reads the steps and their order from a chart (the JSON of `stepwright diagram --format json`).
 */
export function flowOf(chart: unknown): Flow {
  const { id, states = {} } = chart as State & { readonly id: string }
  const steps = new Map<string, Partial<Record<(typeof GROUPS)[number], State>>>()
  for (const group of GROUPS)
    for (const [name, state] of Object.entries(states[group]?.states ?? {}))
      steps.set(name, { ...steps.get(name), [group]: state })
  const nodes = new Map(
    [...steps].map(([name, parts]) => [
      name,
      nodeOf(id, name, parts, Object.hasOwn(states['undoing']?.states ?? {}, name)),
    ]),
  )
  const first = targetsOf(states['pending'] ?? {}).map(target => stepOf(id, target))
  return {
    id,
    nodes: inOrder(nodes, first),
    timed: targetsOf(states['running'] ?? {}, false).some(
      target => target === `#${id}.timeout` || target === `#${id}.undoing`,
    ),
  }
}

function nodeOf(
  id: string,
  name: string,
  { running, sleeping, interrupted }: Partial<Record<(typeof GROUPS)[number], State>>,
  undoes: boolean,
): FlowNode {
  const targets = [running, sleeping, interrupted].flatMap(state => (state ? targetsOf(state) : []))
  const leaving = targets
    .map(target => stepOf(id, target))
    .filter(step => step !== undefined && step !== name) as string[]
  const inner = Object.keys(running?.states ?? {})
  return {
    name,
    kind: sleeping ? 'sleep' : running ? 'step' : 'interrupt',
    retries: inner.includes('waiting'),
    pauses: running !== undefined && interrupted !== undefined,
    skippable: doneTargets(running).length > 1,
    runs: Object.entries(RUNS).find(([state]) => inner.includes(state))?.[1],
    parts: running?.type === 'parallel' ? inner : [],
    fails: targets.some(target => target === `#${id}.error` || target.startsWith(`#${id}.undoing`)),
    undoes,
    back: targets.find(target => target.startsWith(`#${id}.undoing.`))?.split('.')[2],
    next: [...new Set(leaving)],
  }
}

/** The targets of the transitions of a state and of the states inside of it. */
function targetsOf({ on = {}, states = {} }: State, inside = true): string[] {
  const own = Object.entries(on).flatMap(([event, to]) =>
    OF_HOSTS.has(event) ? [] : (Array.isArray(to) ? to : [to]).map(one => (one as { target: string }).target),
  )
  return inside ? [...own, ...Object.values(states).flatMap(state => targetsOf(state))] : own
}

function doneTargets(state: State | undefined): unknown[] {
  if (!state) return []
  const done = Object.entries(state.on ?? {}).find(
    ([event, to]) => event.startsWith('xstate.done.actor.') && Array.isArray(to),
  )
  return done ? (done[1] as unknown[]) : doneTargets(state.states?.['attempting'])
}

/**
 * The step that a target (`#import-dump.running.parse.attempting`) belongs to; `undefined` for ends
 * other than `finished`.
 */
function stepOf(id: string, target: string): string | undefined {
  const [group, step] = target.slice(id.length + 2).split('.')
  if (group === FINISHED) return FINISHED
  return (GROUPS as readonly string[]).includes(group ?? '') ? step : undefined
}

/** Orders nodes along the chart from its beginning. Nodes that it does not reach come last. */
function inOrder(nodes: ReadonlyMap<string, FlowNode>, first: readonly (string | undefined)[]): FlowNode[] {
  const ordered = new Set<FlowNode>()
  const visit = (name: string | undefined): void => {
    const node = name === undefined ? undefined : nodes.get(name)
    if (!node || ordered.has(node)) return
    ordered.add(node)
    // The farthest last: what may be skipped stands before what follows it.
    for (const next of node.next) visit(next)
  }
  for (const name of [...first, ...nodes.keys()]) visit(name)
  return [...ordered]
}
