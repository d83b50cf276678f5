import type { RecordEvent, StepRecord } from '../../record/record.ts'
import type { AttemptResult, ProcessContext } from '../context.ts'
import { update, type Args, type DoneEvent, type Entry, type FailEvent, type Place } from './nodes.ts'

export const withStep = (context: ProcessContext, name: string, step: StepRecord): ProcessContext['steps'] => ({
  ...context.steps,
  [name]: step,
})

export function beginAttempt(context: ProcessContext, name: string, at: number): StepRecord {
  const before = Object.hasOwn(context.steps, name) ? context.steps[name] : undefined
  if (before === undefined) return { status: 'running', attempt: 1, startedAt: at }
  const { until, progress: _, ...kept } = before
  // A wait is over, so its `until` goes. The `until` of a step that times out as a whole stays.
  return {
    startedAt: at,
    ...kept,
    status: 'running',
    attempt: before.attempt + 1,
    ...(before.status === 'running' && until !== undefined && { until }),
  }
}

/** Finishes step `name` and begins the next one, in one change. */
export function leave(
  next: Entry,
  context: ProcessContext,
  at: number,
  event: RecordEvent,
  change: Partial<ProcessContext>,
): Partial<ProcessContext> {
  const left = { ...context, ...change, at, event, deaths: 0 }
  return { ...left, ...next.begin(left, at) }
}

/**
 * The transition of an attempt whose `when` returned false: the next step receives this one's
 * input.
 */
export const onSkipped = (name: string, next: Entry) => ({
  guard: ({ event }: Args<DoneEvent<AttemptResult>>) => 'skipped' in event.output,
  target: next.target,
  actions: update<DoneEvent<AttemptResult>>((context, { output: { at } }) =>
    leave(
      next,
      context,
      at,
      { type: 'SKIP', step: name },
      {
        steps: withStep(context, name, { ...finishStep(context.steps[name], at), status: 'skipped' }),
      },
    ),
  ),
})

export function finishStep(before: StepRecord | undefined, at: number, result?: AttemptResult): StepRecord {
  const { until: _, waits: __, progress: ___, ...kept } = before ?? { status: 'finished', attempt: 1, startedAt: at }
  return {
    ...kept,
    status: 'finished',
    endedAt: at,
    ...(result?.progress !== undefined && { progress: result.progress }),
  }
}

/** The transition of an attempt that failed for good. */
export const toError = (name: string, { failing }: Place) => ({
  target: failing.target,
  actions: update<FailEvent>((context, { error: { at, error, progress } }) => {
    const before = context.steps[name] ?? { status: 'running', attempt: 1 }
    const step: StepRecord = {
      ...before,
      failures: (before.failures ?? 0) + 1,
      error,
      ...(progress !== undefined && { progress }),
    }
    return failing.fail({ ...context, steps: withStep(context, name, step) }, name, at, error)
  }),
})
