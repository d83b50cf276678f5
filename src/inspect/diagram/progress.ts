import { span, spent } from '../../format/span.ts'

export { span as duration } from '../../format/span.ts'

/** What is known of a process's steps: of `ProcessInfo`, what a diagram needs. */
export interface StepState {
  readonly name: string
  readonly status: string
  readonly attempt: number
  readonly startedAt?: string
  readonly endedAt?: string
}

/** How a process stands to the chart it runs on. */
export interface Progressed {
  readonly steps: ReadonlyMap<string, { readonly status: string; readonly attempt: number; readonly spent?: string }>
  /** Of a step or of an end of the process. */
  look(name: string): 'done' | 'here' | 'failed' | 'skipped' | 'ahead'
}

const HERE = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

/** @param now epoch milliseconds: until when a step under way has taken its time */
export function progressed(status: string, steps: readonly StepState[], now: number): Progressed {
  const byName = new Map(
    steps.map(step => {
      const ms = step.status === 'skipped' ? undefined : spent(step, now)
      return [step.name, { status: step.status, attempt: step.attempt, ...(ms !== undefined && { spent: span(ms) }) }]
    }),
  )
  return {
    steps: byName,
    look(name) {
      if (name === status) return name === 'finished' ? 'done' : 'failed'
      const step = byName.get(name)?.status ?? 'pending'
      if (HERE.has(step)) return 'here'
      if (step === 'finished') return 'done'
      if (step === 'skipped') return 'skipped'
      return step === 'pending' ? 'ahead' : 'failed'
    },
  }
}
