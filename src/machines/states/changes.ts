import type { RecordEvent, StepRecord } from '../../store/record.ts'
import type { AttemptResult, ProcessContext } from '../context.ts'
import type { Entry } from './chart.ts'

export const set = (context: ProcessContext, name: string, step: StepRecord): ProcessContext['steps'] => ({
  ...context.steps,
  [name]: step,
})

export function beginAttempt(context: ProcessContext, name: string, at: number): StepRecord {
  const before = Object.hasOwn(context.steps, name) ? context.steps[name] : undefined
  if (before === undefined) return { status: 'running', attempt: 1, startedAt: at }
  const { until: _, progress: __, ...kept } = before
  return { startedAt: at, ...kept, status: 'running', attempt: before.attempt + 1 }
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

export function finished(before: StepRecord | undefined, at: number, result?: AttemptResult): StepRecord {
  const { until: _, progress: __, ...kept } = before ?? { status: 'finished', attempt: 1, startedAt: at }
  return { ...kept, status: 'finished', endedAt: at, ...(result?.progress !== undefined && { progress: result.progress }) }
}
