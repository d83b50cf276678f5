import { span, spent } from '../../format/span.ts'
import type { StepStatus } from '../../record/record.ts'

export { span as duration } from '../../format/span.ts'

/** What is known of a process's steps: of `ProcessInfo`, what a diagram needs. */
export interface StepState {
  readonly name: string
  readonly status: StepStatus
  readonly attempt: number
  readonly startedAt?: string
  readonly endedAt?: string
}

/** How a process stands to the chart it runs on. */
export interface Progressed {
  readonly steps: ReadonlyMap<string, { readonly status: StepStatus; readonly attempt: number; readonly spent?: string }>
  /** Of a step, or of an end of the process. */
  statusOf(name: string): StepStatus
  /** Whether the process is at this step, or at this end. */
  isCurrent(name: string): boolean
}

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

/** @param now epoch milliseconds: until when a step under way has taken its time */
export function progressed(status: StepStatus, steps: readonly StepState[], now: number): Progressed {
  const byName = new Map(
    steps.map(step => {
      const ms = step.status === 'skipped' ? undefined : spent(step, now)
      return [step.name, { status: step.status, attempt: step.attempt, ...(ms !== undefined && { spent: span(ms) }) }]
    }),
  )
  const statusOf = (name: string): StepStatus => byName.get(name)?.status ?? (name === status ? status : 'pending')
  return {
    steps: byName,
    statusOf,
    isCurrent: name => name === status || UNDER_WAY.has(statusOf(name)),
  }
}
