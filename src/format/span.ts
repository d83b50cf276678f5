export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')

/** A span of time in at most two units: `340ms`, `1.2s`, `42s`, `3m 05s`, `2h 05m`, `3d 04h`. */
export function span(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.floor(ms))}ms`
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two((ms % MINUTE) / SECOND)}s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two((ms % HOUR) / MINUTE)}m`
  return `${Math.floor(ms / DAY)}d ${two((ms % DAY) / HOUR)}h`
}

/**
 * Milliseconds from one ISO time to another, or to `now` as long as there is no other. `undefined`
 * if it has not begun.
 */
export function spent(
  { startedAt, endedAt }: { startedAt?: string; endedAt?: string },
  now: number,
): number | undefined {
  return startedAt === undefined
    ? undefined
    : (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt)
}
