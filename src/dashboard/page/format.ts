import type { LiveInfo, ProcessStatus } from '../protocol.ts'

export { duration } from '../../inspect/diagram/chart-progress.ts'

export const STATUSES: readonly ProcessStatus[] = [
  'running',
  'pending',
  'sleeping',
  'interrupted',
  'undoing',
  'finished',
  'error',
  'timeout',
  'cancelled',
]

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** A time of day; with the date unless it is today. */
export function when(ms: number, now: number): string {
  const date = new Date(ms)
  return date.toDateString() === new Date(now).toDateString()
    ? clock.format(date)
    : `${day.format(date)} ${clock.format(date)}`
}

export const fullTime = (ms: number): string => whole.format(ms)

/**
 * The time until which a process is known to have run: its last record, if its host is dead or
 * gone.
 */
export const seenUntil = ({ host, updatedAt }: LiveInfo, now: number): number =>
  host === undefined || host.state === 'dead' ? Date.parse(updatedAt) : now

export const count = (n: number): string => n.toLocaleString()
