import type { InterruptStep } from '../../steps/plan.ts'
import type { ErrorRecord } from '../../record/record.ts'
import { caused, stopClock } from '../context.ts'
import { failed } from '../ends.ts'
import { finished, leave, set } from './changes.ts'
import { update, type Entry, type ProceedEvent, type StepStates, type TimerEvent } from './step-states.ts'
import { proceeded } from '../proceeded.ts'
import { timer } from './timer.ts'

export function interruptStep({ name, timeoutMs }: InterruptStep, id: string, next: Entry): { entry: Entry; states: StepStates } {
  const entry: Entry = {
    target: `#${id}.interrupted.${name}`,
    begin: (context, at) => ({
      ...stopClock(context, at),
      steps: set(context, name, {
        status: 'interrupted',
        attempt: 1,
        startedAt: at,
        ...(timeoutMs !== undefined && { until: at + timeoutMs }),
      }),
    }),
  }
  const error: ErrorRecord = {
    name: 'StepTimeoutError',
    code: 'ERR_STEP_TIMEOUT',
    message: `Nobody proceeded step '${name}' within ${timeoutMs} ms`,
  }
  const onTimeout = {
    target: `#${id}.error`,
    actions: update<TimerEvent>((context, { output: { at } = context }) => failed(context, name, at, error, 'TIMEOUT')),
  }
  return { entry, states: { interrupted: paused(name, next, timeoutMs === undefined ? undefined : onTimeout) } }
}

/** A pause of the process after step `name`, left by PROCEED. */
export function paused(name: string, next: Entry, onTimeout?: object): object {
  const proceed = {
    target: next.target,
    actions: update<ProceedEvent>((context, event) =>
      leave(next, context, event.at, caused('PROCEED', event, name), {
        steps: set(context, name, finished(context.steps[name], event.at)),
        data: proceeded(context.data, event.data),
      }),
    ),
  }
  return { ...(onTimeout && { invoke: timer(`${name}:timeout`, name, onTimeout) }), on: { PROCEED: proceed } }
}
