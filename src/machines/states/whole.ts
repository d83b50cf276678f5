import type { ErrorRecord } from '../../record/record.ts'
import { startClock, type ProcessContext } from '../context.ts'
import { failed } from '../ends.ts'
import { beginAttempt, set } from './changes.ts'
import { update, type TimerEvent } from './step-states.ts'
import { timer } from './timer.ts'

/** A step that consists of other work and may bound the time all of it takes. */
export interface WholeStep {
  readonly name: string
  readonly timeoutMs?: number
}

/** The step's record as it begins; its time to end, if it has one, stands in `until`. */
export function beginWhole(
  { name, timeoutMs }: WholeStep,
  context: ProcessContext,
  at: number,
): Pick<ProcessContext, 'deadline' | 'remainingMs' | 'steps'> {
  const step = beginAttempt(context, name, at)
  return { ...startClock(context, at), steps: set(context, name, timeoutMs === undefined ? step : { ...step, until: at + timeoutMs }) }
}

/** The step's state with its deadline, which survives restarts. */
export function bounded({ name, timeoutMs }: WholeStep, id: string, state: { readonly invoke?: object }): object {
  if (timeoutMs === undefined) return state
  const error: ErrorRecord = {
    name: 'StepTimeoutError',
    code: 'ERR_STEP_TIMEOUT',
    message: `Step '${name}' took longer than its timeout of ${timeoutMs} ms`,
  }
  const onTimeout = {
    target: `#${id}.error`,
    actions: update<TimerEvent>((context, { output: { at } = context }) => failed(context, name, at, error, 'TIMEOUT')),
  }
  return { ...state, invoke: [...(state.invoke ? [state.invoke] : []), timer(`${name}:timeout`, name, onTimeout)] }
}
