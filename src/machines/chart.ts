import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { ProcessPlan } from '../steps/plan.ts'
import type { Json } from '../record/record.ts'
import { compile } from './compile.ts'
import { IMPLICIT } from './states/nodes.ts'

/**
 * A transition of a chart: the event, and where it leads (an absolute id such as
 * `#import-dump.running.parse`).
 */
type ChartTransitions = Record<string, { target: string } | { target: string }[]>

/**
 * The chart of a definition as JSON that Stately's editor can import. It keeps the order of the
 * steps, and has no functions and no data.
 */
export interface ChartState {
  readonly initial?: string
  readonly type?: 'final' | 'parallel'
  readonly invoke?: readonly { readonly id: string; readonly src: string }[]
  readonly on?: ChartTransitions
  readonly states?: Readonly<Record<string, ChartState>>
}

export interface Chart extends ChartState {
  readonly id: string
}

/** What every step has in case it waits is left out. */
const isDrawn = (part: object): boolean => (part as { readonly meta?: unknown }).meta !== IMPLICIT

const hasDrawn = ({ states }: AnyStateNode): boolean => {
  const inside = Object.values(states)
  return inside.length === 0 || inside.some(isDrawn)
}

/**
 * @param prefix the id of the chart's root
 * @param machines users' machines by the id of the state in which they run: their charts are drawn
 * inside it
 */
function stateOf(node: AnyStateNode, prefix: string, machines: ReadonlyMap<string, AnyStateMachine>): ChartState {
  const idOf = ({ path }: AnyStateNode): string => [prefix, ...path].join('.')
  const { type } = node.config
  const inner = machines.get(idOf(node))
  if (inner) return { ...stateOf(node, prefix, new Map()), ...insideOf(inner, idOf(node)) }
  const initial: unknown = node.config.initial
  const on: ChartTransitions = {}
  for (const [event, transitions] of node.transitions) {
    const targets = transitions
      .filter(isDrawn)
      .flatMap(({ target }) => (target ?? []).map(state => ({ target: `#${idOf(state)}` })))
    const [first] = targets
    if (first) on[event] = targets.length === 1 ? first : targets
  }
  const drawn = Object.values(node.states).filter(child => isDrawn(child) && hasDrawn(child))
  const invoked = node.invoke.filter(isDrawn)
  const states = drawn.map(child => [child.key, stateOf(child, prefix, machines)] as const)
  return {
    ...(typeof initial === 'string' && {
      initial: drawn.some(({ key }) => key === initial) ? initial : (drawn[0]?.key ?? initial),
    }),
    ...((type === 'final' || type === 'parallel') && { type }),
    ...(invoked.length > 0 && {
      invoke: invoked.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : 'inline' })),
    }),
    ...(Object.keys(on).length > 0 && { on }),
    ...(states.length > 0 && { states: Object.fromEntries(states) }),
  }
}

function insideOf(machine: AnyStateMachine, id: string): Pick<ChartState, 'initial' | 'type' | 'states'> {
  const { initial, type, states } = stateOf(machine.root, id, new Map())
  return { ...(initial !== undefined && { initial }), ...(type && { type }), ...(states && { states }) }
}

export function chartOf(plan: ProcessPlan): Chart & { readonly [key: string]: Json } {
  const machines = plan.steps.flatMap(step =>
    'machine' in step
      ? [[`${plan.name}.running.${step.name}.machine`, step.machine as unknown as AnyStateMachine] as const]
      : [],
  )
  const chart: Chart = {
    id: plan.name,
    ...stateOf(compile(plan, plan.timeoutMs !== undefined).root, plan.name, new Map(machines)),
  }
  return chart as unknown as Chart & { readonly [key: string]: Json }
}
