import type { InterruptStep } from '../../steps/kinds/interrupt.ts'
import type { ErrorRecord, Json } from '../../record/record.ts'
import { caused, stopClock } from '../context.ts'
import { finishStep, leave, withStep } from './transitions.ts'
import {
  timer,
  update,
  type Entry,
  type ProceedEvent,
  type TimerEvent,
  type KindNodes,
  type Place,
  type StepNodes,
} from './nodes.ts'

function interruptStep({ name, timeoutMs, otherwise }: InterruptStep, { id, failing }: Place, next: Entry): StepNodes {
  const entry: Entry = {
    target: `#${id}.interrupted.${name}`,
    begin: (context, at) => ({
      ...stopClock(context, at),
      steps: withStep(context, name, {
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
  const fails = {
    target: failing.target,
    actions: update<TimerEvent>((context, { output: { at } = context }) =>
      failing.fail(context, name, at, error, 'TIMEOUT'),
    ),
  }
  const continues = {
    target: next.target,
    actions: update<TimerEvent>((context, { output: { at } = context }) =>
      leave(
        next,
        context,
        at,
        { type: 'TIMEOUT', step: name },
        {
          steps: withStep(context, name, finishStep(context.steps[name], at)),
          data: mergeProceedData(context.data, otherwise?.data),
        },
      ),
    ),
  }
  const onTimeout = otherwise === undefined ? fails : continues
  const limited = timeoutMs === undefined ? {} : { invoke: timer(`${name}:timeout`, name, onTimeout) }
  return { entry, states: { interrupted: { ...limited, on: { PROCEED: pauseOver(name, next) } } } }
}

/** The transition that ends a pause of the process after step `name`. */
export const pauseOver = (name: string, next: Entry): object => ({
  target: next.target,
  actions: update<ProceedEvent>((context, event) =>
    leave(next, context, event.at, caused('PROCEED', event, name), {
      steps: withStep(context, name, finishStep(context.steps[name], event.at)),
      data: mergeProceedData(context.data, event.data),
    }),
  ),
})

const isPlain = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The paused step's output after `proceed(given)`: a plain object is merged into it, anything else
 * replaces it, none keeps it.
 */
export const mergeProceedData = (data: Json, given: Json | undefined): Json =>
  given === undefined ? data : isPlain(data) && isPlain(given) ? { ...data, ...given } : given

export const interruptNodes: KindNodes<InterruptStep> = { nodes: interruptStep }
