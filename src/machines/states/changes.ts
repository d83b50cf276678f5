import type { RecordEvent, StepRecord } from '../../record/record.ts'
import type { AttemptResult, ProcessContext } from '../context.ts'
import { update, type Args, type DoneEvent, type Entry } from './step-states.ts'

export const set = (context: ProcessContext, name: string, step: StepRecord): ProcessContext['steps'] => ({
  ...context.steps,
  [name]: step,
})

export function beginAttempt(context: ProcessContext, name: string, at: number): StepRecord {
  const before = Object.hasOwn(context.steps, name) ? context.steps[name] : undefined
  if (before === undefined) return { status: 'running', attempt: 1, startedAt: at }
  const { until, progress: _, ...kept } = before
  // A retry's wait is over; the time by which the whole step has to end is not.
  return {
    startedAt: at,
    ...kept,
    status: 'running',
    attempt: before.attempt + 1,
    ...(before.status !== 'waiting' && until !== undefined && { until }),
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

/** The transition of an attempt whose `when` said no: the step's input goes on. */
export const skipped = (name: string, next: Entry) => ({
  guard: ({ event }: Args<DoneEvent<AttemptResult>>) => 'skipped' in event.output,
  target: next.target,
  actions: update<DoneEvent<AttemptResult>>((context, { output: { at } }) =>
    leave(
      next,
      context,
      at,
      { type: 'SKIP', step: name },
      {
        steps: set(context, name, { ...finished(context.steps[name], at), status: 'skipped' }),
      },
    ),
  ),
})

export function finished(before: StepRecord | undefined, at: number, result?: AttemptResult): StepRecord {
  const { until: _, progress: __, ...kept } = before ?? { status: 'finished', attempt: 1, startedAt: at }
  return { ...kept, status: 'finished', endedAt: at, ...(result?.progress !== undefined && { progress: result.progress }) }
}
