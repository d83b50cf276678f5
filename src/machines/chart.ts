import type { AnyStateNode } from 'xstate'
import type { ProcessPlan } from '../steps/plan.ts'
import type { Json } from '../store/record.ts'
import { compile } from './compile.ts'

/** A transition of a chart: the event, and where it leads (an absolute id such as `#import-dump.running.parse`). */
type ChartTransitions = Record<string, { target: string } | { target: string }[]>

/** The chart of a definition as plain JSON: what Stately's editor imports, the order of steps kept. No functions, no data. */
export interface ChartState {
  readonly initial?: string
  readonly type?: 'final'
  readonly invoke?: readonly { readonly id: string; readonly src: string }[]
  readonly on?: ChartTransitions
  readonly states?: Readonly<Record<string, ChartState>>
}

export interface Chart extends ChartState {
  readonly id: string
}

function stateOf(node: AnyStateNode): ChartState {
  const { initial, type, states } = node.config
  const on: ChartTransitions = {}
  for (const [event, transitions] of node.transitions) {
    const targets = transitions.flatMap(({ target }) => (target ?? []).map(({ id }) => ({ target: `#${id}` })))
    const [first] = targets
    if (first) on[event] = targets.length === 1 ? first : targets
  }
  return {
    ...(typeof initial === 'string' && { initial }),
    ...(type === 'final' && { type }),
    ...(node.invoke.length > 0 && { invoke: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : 'inline' })) }),
    ...(Object.keys(on).length > 0 && { on }),
    ...(states && { states: Object.fromEntries(Object.values(node.states).map(child => [child.key, stateOf(child)])) }),
  }
}

export function chartOf(plan: ProcessPlan): Chart & { readonly [key: string]: Json } {
  return { id: plan.name, ...stateOf(compile(plan, plan.timeoutMs !== undefined).root) } as unknown as Chart & {
    readonly [key: string]: Json
  }
}
