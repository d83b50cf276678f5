import type { ErrorRecord, ProcessInfo, ProcessStepInfo, Progress, WaitInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import { relative, span, spent } from './time.ts'

/** Facts about a process that several renderers print in the same words. */

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

/** The step a process is in, or failed in. */
export const currentStep = ({ steps, error }: ProcessInfo): ProcessStepInfo | undefined =>
  steps.find(step => UNDER_WAY.has(step.status)) ??
  (error?.step === undefined ? undefined : steps.find(step => step.name === error.step))

const number = (value: number): string => String(Math.round(value * 100) / 100)

/** `3/10` */
export const counted = ({ value, total }: Progress): string =>
  total === undefined ? number(value) : `${number(value)}/${number(total)}`

/** An estimate from the first moments would be a guess. */
const SETTLED_MS = 2_000

/**
 * The time in ms that a step which reports `value` of `total` still needs, if it keeps its speed.
 */
export function timeLeft({ progress, startedAt, status }: ProcessStepInfo, now: number): number | undefined {
  if (status !== 'running' || startedAt === undefined || progress?.total === undefined) return undefined
  const { value, total } = progress
  const spentMs = now - Date.parse(startedAt)
  if (spentMs < SETTLED_MS || value <= 0 || value >= total) return undefined
  return (spentMs / value) * (total - value)
}

/** An error in one line. */
export const inShort = ({ name, message }: ErrorRecord): string => printable(`${name}: ${message}`.split('\n', 1)[0]!)

/** The names of what a step waits for within its work. */
const named = (waits: readonly WaitInfo[], what: WaitInfo['for']): string => {
  const names = waits.filter(wait => wait.for === what).map(({ name }) => printable(name))
  return names.length === 0 ? '' : what === 'time' ? `${names.join(', ')}  ` : `waits for ${names.join(', ')}`
}

/** What a waiting step waits for. */
export function waitsFor({ status, until, waits = [] }: ProcessStepInfo, now: number): string | undefined {
  const when = until === undefined ? undefined : Date.parse(until) > now ? relative(until, now) : 'now'
  switch (status) {
    case 'waiting':
      return `next attempt ${when ?? 'soon'}`
    case 'sleeping':
      return when === undefined ? undefined : `${named(waits, 'time')}wakes ${when}`
    case 'interrupted':
      return `${named(waits, 'answer') || 'until it may proceed'}${when === undefined ? '' : `, times out ${when}`}`
    default:
      return undefined
  }
}

/**
 * The time until which a process is known to have run: its last record, if its host is dead or
 * gone.
 */
export const seenUntil = (info: ProcessInfo, now: number): number =>
  info.host === undefined || info.host.state === 'dead' ? Date.parse(info.updatedAt) : now

/** How long the process has run so far, or ran. */
export function took(info: ProcessInfo, now: number): string {
  const ms = spent(info, seenUntil(info, now))
  return ms === undefined ? '' : span(ms)
}

/** What is wrong with the host of a live process: `dead`, `none` ... Empty if the host is alive. */
export function hostTrouble({ host, endedAt }: ProcessInfo): string {
  if (endedAt !== undefined || host?.state === 'alive') return ''
  return host === undefined ? 'none' : printable(host.state)
}
