import type { ProcessRecord } from './record.ts'

/** The step that a process is at; `undefined` if it has not begun, or has ended. */
export const stepAt = (steps: ProcessRecord['steps']): string | undefined =>
  Object.keys(steps).find(name => steps[name]?.endedAt === undefined)
