import { span, spent } from '../../format/span.ts'
import type { ProcessStatus, StepStatus } from '../../record/record.ts'

export { span as duration } from '../../format/span.ts'

/** The part of a `ProcessStepInfo` that diagrams need. */
export interface StepState {
  readonly name: string
  readonly status: StepStatus
  readonly attempt: number
  readonly startedAt?: string
  readonly endedAt?: string
}

/** The state of a process with regard to its chart. */
export interface Progressed {
  readonly steps: ReadonlyMap<
    string,
    { readonly status: StepStatus; readonly attempt: number; readonly spent?: string }
  >
  /** The status of a step, or of an end of the process. */
  statusOf(name: string): ProcessStatus | StepStatus
  /** Whether the process is at this step, or at this end. */
  isCurrent(name: string): boolean
}

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

/** @param now epoch milliseconds: until when a step under way has taken its time */
export function progressed(status: ProcessStatus | StepStatus, steps: readonly StepState[], now: number): Progressed {
  const byName = new Map(
    steps.map(step => {
      const ms = step.status === 'skipped' ? undefined : spent(step, now)
      return [step.name, { status: step.status, attempt: step.attempt, ...(ms !== undefined && { spent: span(ms) }) }]
    }),
  )
  // The undo of a step, or those of its branches.
  const undosOf = (name: string): StepState[] =>
    steps.filter(one => one.attempt > 0 && one.name.startsWith(`${name}.`) && one.name.endsWith('.undo'))
  const statusOf = (name: string): ProcessStatus | StepStatus =>
    undosOf(name).length > 0 ? 'undoing' : (byName.get(name)?.status ?? (name === status ? status : 'pending'))
  return {
    steps: byName,
    statusOf,
    isCurrent: name =>
      name === status || UNDER_WAY.has(statusOf(name)) || undosOf(name).some(undo => UNDER_WAY.has(undo.status)),
  }
}
