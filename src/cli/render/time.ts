import { DAY, HOUR, MINUTE, SECOND, span } from '../../format/span.ts'

export { span, spent } from '../../format/span.ts'

/** A span of time in one unit: `42s`, `3m`, `2h`, `3d`. */
export function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`
  return `${Math.floor(ms / DAY)}d`
}

/** `in 3m 05s`, or `3m ago`. */
export function relative(iso: string, now: number): string {
  const ms = Date.parse(iso) - now
  return ms > 0 ? `in ${span(ms)}` : `${roughly(-ms)} ago`
}
