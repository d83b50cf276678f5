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

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')

/** `340ms`, `1.2s`, `42s`, `3m 05s`, `2h 05m`, `3d 04h` */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.floor(ms))}ms`
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two((ms % MINUTE) / SECOND)}s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two((ms % HOUR) / MINUTE)}m`
  return `${Math.floor(ms / DAY)}d ${two((ms % DAY) / HOUR)}h`
}

const HERE = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

/** @param now epoch milliseconds: until when a step under way has taken its time */
export function progressed(status: string, steps: readonly StepState[], now: number): Progressed {
  const byName = new Map(
    steps.map(step => {
      const { startedAt, endedAt } = step
      const spent =
        startedAt === undefined ? undefined : duration((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt))
      return [step.name, { status: step.status, attempt: step.attempt, ...(spent !== undefined && step.status !== 'skipped' && { spent }) }]
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
