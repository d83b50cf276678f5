import type { ErrorRecord } from '../../record/record.ts'
import { tookTooLong } from '../../steps/run/execution.ts'
import { startClock, type ProcessContext } from '../context.ts'
import { beginAttempt, withStep } from './transitions.ts'
import { timer, update, type Place, type TimerEvent } from './nodes.ts'

/** A step that consists of other work, with a timeout for all of it. */
export interface BoundedStep {
  readonly name: string
  readonly timeoutMs?: number
}

/**
 * The context in which the step begins. `until` of its record is the time at which it times out.
 */
export function beginWithDeadline(
  { name, timeoutMs }: BoundedStep,
  context: ProcessContext,
  at: number,
): Pick<ProcessContext, 'deadline' | 'remainingMs' | 'steps'> {
  const step = beginAttempt(context, name, at)
  return {
    ...startClock(context, at),
    steps: withStep(context, name, timeoutMs === undefined ? step : { ...step, until: at + timeoutMs }),
  }
}

/** The state of the step, with a timer for its timeout that survives restarts. */
export function withDeadline(
  { name, timeoutMs }: BoundedStep,
  { failing }: Place,
  state: { readonly invoke?: object },
): object {
  if (timeoutMs === undefined) return state
  const error: ErrorRecord = {
    name: 'StepTimeoutError',
    code: 'ERR_STEP_TIMEOUT',
    message: tookTooLong(`Step '${name}'`, timeoutMs),
  }
  const onTimeout = {
    target: failing.target,
    actions: update<TimerEvent>((context, { output: { at } = context }) =>
      failing.fail(context, name, at, error, 'TIMEOUT'),
    ),
  }
  return { ...state, invoke: [...(state.invoke ? [state.invoke] : []), timer(`${name}:timeout`, name, onTimeout)] }
}
