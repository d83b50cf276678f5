/** A state of a chart, as far as a diagram needs it. */
interface State {
  readonly type?: string
  readonly on?: Readonly<Record<string, unknown>>
  readonly states?: Readonly<Record<string, State>>
}

/** A step as a diagram shows it. */
export interface FlowNode {
  readonly name: string
  readonly kind: 'step' | 'sleep' | 'interrupt'
  /** Failed attempts are followed by others. */
  readonly retries: boolean
  /** The process pauses after it until it may proceed. */
  readonly pauses: boolean
  readonly skippable: boolean
  /** What it runs, if that is no function of its own. */
  readonly runs: 'each item' | 'another process' | 'a machine' | undefined
  /** What runs inside of it at once. */
  readonly parts: readonly string[]
  /** It may end the process in `error`. */
  readonly fails: boolean
  /** The steps that may follow; `finished` is the end. */
  readonly next: readonly string[]
}

export interface Flow {
  readonly id: string
  /** In the order of the definition. */
  readonly nodes: readonly FlowNode[]
  /** The process has a deadline. */
  readonly timed: boolean
}

export const FINISHED = 'finished'
const GROUPS = ['running', 'sleeping', 'interrupted'] as const
/** By the state inside of a step. */
const RUNS = { items: 'each item', child: 'another process', machine: 'a machine' } as const
/** What happens to a host is no part of what a process is. */
const OF_HOSTS = new Set(['RECOVER', 'CANCEL'])

/** What of a chart (the JSON that `stepwright diagram --format json` prints) is drawn: its steps and what follows on what. */
export function flowOf(chart: unknown): Flow {
  const { id, states = {} } = chart as State & { readonly id: string }
  const steps = new Map<string, Partial<Record<(typeof GROUPS)[number], State>>>()
  for (const group of GROUPS)
    for (const [name, state] of Object.entries(states[group]?.states ?? {})) steps.set(name, { ...steps.get(name), [group]: state })
  const nodes = new Map([...steps].map(([name, parts]) => [name, nodeOf(id, name, parts)]))
  const first = targetsOf(states['pending'] ?? {}).map(target => stepOf(id, target))
  return { id, nodes: inOrder(nodes, first), timed: targetsOf(states['running'] ?? {}, false).includes(`#${id}.timeout`) }
}

function nodeOf(id: string, name: string, { running, sleeping, interrupted }: Partial<Record<(typeof GROUPS)[number], State>>): FlowNode {
  const targets = [running, sleeping, interrupted].flatMap(state => (state ? targetsOf(state) : []))
  const leaving = targets.map(target => stepOf(id, target)).filter(step => step !== undefined && step !== name) as string[]
  const inner = Object.keys(running?.states ?? {})
  return {
    name,
    kind: sleeping ? 'sleep' : running ? 'step' : 'interrupt',
    retries: inner.includes('waiting'),
    pauses: running !== undefined && interrupted !== undefined,
    skippable: doneTargets(running).length > 1,
    runs: Object.entries(RUNS).find(([state]) => inner.includes(state))?.[1],
    parts: running?.type === 'parallel' ? inner : [],
    fails: targets.includes(`#${id}.error`),
    next: [...new Set(leaving)],
  }
}

/** Where the transitions of a state, and of those inside of it, lead. */
function targetsOf({ on = {}, states = {} }: State, inside = true): string[] {
  const own = Object.entries(on).flatMap(([event, to]) =>
    OF_HOSTS.has(event) ? [] : (Array.isArray(to) ? to : [to]).map(one => (one as { target: string }).target),
  )
  return inside ? [...own, ...Object.values(states).flatMap(state => targetsOf(state))] : own
}

function doneTargets(state: State | undefined): unknown[] {
  if (!state) return []
  const done = Object.entries(state.on ?? {}).find(([event, to]) => event.startsWith('xstate.done.actor.') && Array.isArray(to))
  return done ? (done[1] as unknown[]) : doneTargets(state.states?.['attempting'])
}

/** The step a target (`#import-dump.running.parse.attempting`) belongs to; `undefined` for the ends other than `finished`. */
function stepOf(id: string, target: string): string | undefined {
  const [group, step] = target.slice(id.length + 2).split('.')
  if (group === FINISHED) return FINISHED
  return (GROUPS as readonly string[]).includes(group ?? '') ? step : undefined
}

/** Along the chart from its beginning; what it does not lead to comes last. */
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
