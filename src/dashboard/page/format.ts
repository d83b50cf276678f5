import type { LiveInfo, ProcessStatus } from '../protocol.ts'

export { duration } from '../../inspect/diagram/progress.ts'

export const STATUSES: readonly ProcessStatus[] = [
  'running',
  'pending',
  'sleeping',
  'interrupted',
  'finished',
  'error',
  'timeout',
  'cancelled',
]

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** The time of today, or the day before it. */
export function when(ms: number, now: number): string {
  const date = new Date(ms)
  return date.toDateString() === new Date(now).toDateString() ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`
}

export const fullTime = (ms: number): string => whole.format(ms)

/** Until when a process has been seen at work: nobody knows what one whose host is gone has done since its last record. */
export const seenUntil = ({ host, updatedAt }: LiveInfo, now: number): number =>
  host === undefined || host.state === 'dead' ? Date.parse(updatedAt) : now

export const count = (n: number): string => n.toLocaleString()
