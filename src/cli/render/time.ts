const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

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

/** A span of time in one unit: `42s`, `3m`, `2h`, `3d`. */
export function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`
  return `${Math.floor(ms / DAY)}d`
}

/** Milliseconds from one ISO time to another, or to `now` as long as there is no other. `undefined`: it has not begun. */
export function spent({ startedAt, endedAt }: { startedAt?: string; endedAt?: string }, now: number): number | undefined {
  return startedAt === undefined ? undefined : (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt)
}

/** `in 3m 05s`, or `3m ago`. */
export function relative(iso: string, now: number): string {
  const ms = Date.parse(iso) - now
  return ms > 0 ? `in ${span(ms)}` : `${roughly(-ms)} ago`
}
