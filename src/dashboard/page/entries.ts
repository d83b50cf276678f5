import type { StepState } from '../../inspect/diagram/chart-progress.ts'
import type { Entry, ErrorRecord, LiveInfo, StepStatus } from '../protocol.ts'

/** What the entries of a journal tell about its steps. */

const OVER: ReadonlySet<StepStatus> = new Set(['finished', 'skipped', 'error', 'timeout', 'cancelled'])

/** The steps as they were after the last of these entries. */
export function stepsAt({ steps }: LiveInfo, entries: readonly Entry[]): StepState[] {
  return steps.map(({ name }) => {
    const changes = entries.flatMap(entry =>
      entry.steps.filter(step => step.name === name).map(step => ({ ...step, at: entry.at })),
    )
    const last = changes.at(-1)
    if (!last) return { name, status: 'pending', attempt: 0 }
    const over = OVER.has(last.status)
    return {
      name,
      status: last.status,
      attempt: last.attempt,
      startedAt: new Date(changes[0]!.at).toISOString(),
      ...(over && { endedAt: new Date(last.at).toISOString() }),
    }
  })
}

export interface FailedAttempt {
  readonly step: string
  readonly attempt: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly error: ErrorRecord
}

/** Every attempt that failed, oldest first. */
export const failedAttempts = (entries: readonly Entry[]): FailedAttempt[] =>
  entries.flatMap(({ at, steps }) =>
    steps.flatMap(({ name, status, attempt, error }) =>
      error && (status === 'waiting' || status === 'error') ? [{ step: name, attempt, at, error }] : [],
    ),
  )
