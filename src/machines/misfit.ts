import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { ProcessPlan } from '../steps/plan.ts'
import type { Json, ProcessRecord } from '../record/record.ts'
import type { MachineState } from './context.ts'
import { withoutMachine } from './snapshot.ts'
import { stepAt } from '../record/record.ts'
import { waitsFor } from '../steps/kinds/kinds.ts'

/** Why a definition's machine cannot take the state that a record is in. */
export interface Misfit {
  readonly reason: 'missing-step' | 'missing-state'
  readonly message: string
}

/**
 * Where a record's state does not fit a machine: the machine lacks a state, or has (`isNew`) a
 * parallel region that the record does not.
 */
interface Parting {
  readonly path: readonly string[]
  readonly isNew: boolean
}

/**
 * Returns `undefined` if the machine of the definition, and the user's machine inside it, have the
 * states that the record is in.
 */
export function misfitOf(plan: ProcessPlan, machine: AnyStateMachine, record: ProcessRecord): Misfit | undefined {
  const { snapshot } = record
  const parting = partingOf(machine, withoutMachine(snapshot))
  if (parting !== undefined) return explain(plan, record, parting)
  const rest = restOf(snapshot.value)
  if (rest !== undefined && !canRest(plan, record, rest)) return explain(plan, record, { path: rest, isNew: false })
  if (snapshot.machine === undefined) return undefined
  const [name] = Object.keys((snapshot.value as { running: object }).running)
  const step = plan.steps.find(one => one.name === name)
  if (step === undefined || !('machine' in step))
    return { reason: 'missing-state', message: `step '${name}' is no machine step any more` }
  const inner = partingOf(
    step.machine as unknown as AnyStateMachine,
    (snapshot.machine as unknown as MachineState).snapshot.value,
  )
  return (
    inner && { reason: 'missing-state', message: `the machine of step '${name}' ${differs(inner.path, inner.isNew)}` }
  )
}

/** The status and the step of a process that waits between attempts. */
function restOf(value: Json): readonly ['sleeping' | 'interrupted', string] | undefined {
  const { sleeping, interrupted } = value as Readonly<Record<string, Json>>
  if (typeof sleeping === 'string') return ['sleeping', sleeping]
  return typeof interrupted === 'string' ? ['interrupted', interrupted] : undefined
}

/**
 * A step with work has both states, for what it waits for within. A pause after it, or a sleep, has
 * to be part of the definition.
 */
function canRest(plan: ProcessPlan, { steps }: ProcessRecord, [status, name]: readonly [string, string]): boolean {
  const step = plan.steps.find(one => one.name === name)
  if (step === undefined) return false
  if (steps[name]?.waits !== undefined) return step.kind === 'step'
  return status === 'sleeping' ? step.kind === 'sleep' : waitsFor(step) === 'proceed()'
}

function explain(plan: ProcessPlan, { status, steps }: ProcessRecord, { path, isNew }: Parting): Misfit {
  const [, step = stepAt(steps), ...rest] = path
  if (step === undefined || !plan.steps.some(({ name }) => name === step))
    return { reason: 'missing-step', message: `there is no step '${step}' any more` }
  const message =
    rest.length > 0 ? `step '${step}' ${differs(rest, isNew)}` : `step '${step}' is none that can be ${status} any more`
  return { reason: 'missing-state', message }
}

const differs = (path: readonly string[], isNew: boolean): string =>
  isNew
    ? `has a part '${path.join('.')}' now, which the process has not begun`
    : `has no state '${path.join('.')}' any more`

function partingOf(machine: AnyStateMachine, value: Json): Parting | undefined {
  const inside = (node: AnyStateNode, part: Json, path: readonly string[]): Parting | undefined => {
    if (typeof part === 'string')
      return Object.hasOwn(node.states, part) ? undefined : { path: [...path, part], isNew: false }
    if (typeof part !== 'object' || part === null) return { path, isNew: false }
    const unknown = node.type === 'parallel' ? regionsOf(node).find(key => !Object.hasOwn(part, key)) : undefined
    if (unknown !== undefined) return { path: [...path, unknown], isNew: true }
    for (const [key, rest] of Object.entries(part)) {
      const state = Object.hasOwn(node.states, key) ? node.states[key] : undefined
      const parting =
        state === undefined ? { path: [...path, key], isNew: false } : inside(state, rest as Json, [...path, key])
      if (parting !== undefined) return parting
    }
    return undefined
  }
  return inside(machine.root, value, [])
}

/** The children of a parallel state that are active with it: all but its history states. */
const regionsOf = ({ states }: AnyStateNode): string[] =>
  Object.keys(states).filter(key => states[key]?.type !== 'history')
