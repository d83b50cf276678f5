import type { ErrorRecord, ProcessInfo, ProcessStepInfo, Progress } from '../../index.ts'
import { printable } from '../printable.ts'
import { relative, span, spent } from './time.ts'

/** What several renderers say about a process, in the same words. */

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

/** The step a process is in, or failed in. */
export const currentStep = ({ steps, error }: ProcessInfo): ProcessStepInfo | undefined =>
  steps.find(step => UNDER_WAY.has(step.status)) ?? (error?.step === undefined ? undefined : steps.find(step => step.name === error.step))

const number = (value: number): string => String(Math.round(value * 100) / 100)

/** `3/10` */
export const counted = ({ value, total }: Progress): string => (total === undefined ? number(value) : `${number(value)}/${number(total)}`)

/** An estimate from the first moments would be a guess. */
const SETTLED_MS = 2_000

/** How long a step that reports `value` of `total` has still to go, if it goes on as it did. In milliseconds. */
export function timeLeft({ progress, startedAt, status }: ProcessStepInfo, now: number): number | undefined {
  if (status !== 'running' || startedAt === undefined || progress?.total === undefined) return undefined
  const { value, total } = progress
  const spentMs = now - Date.parse(startedAt)
  if (spentMs < SETTLED_MS || value <= 0 || value >= total) return undefined
  return (spentMs / value) * (total - value)
}

/** An error in one line. */
export const inShort = ({ name, message }: ErrorRecord): string => printable(`${name}: ${message}`.split('\n', 1)[0]!)

/** Of a step that waits: for what. */
export function waitsFor({ status, until }: ProcessStepInfo, now: number): string | undefined {
  const when = until === undefined ? undefined : Date.parse(until) > now ? relative(until, now) : 'now'
  switch (status) {
    case 'waiting':
      return `next attempt ${when ?? 'soon'}`
    case 'sleeping':
      return when === undefined ? undefined : `wakes ${when}`
    case 'interrupted':
      return `until it may proceed${when === undefined ? '' : `, times out ${when}`}`
    default:
      return undefined
  }
}

/** Until when a process has been seen at work: nobody knows what one without a living host has done since its last record. */
export const seenUntil = (info: ProcessInfo, now: number): number =>
  info.host === undefined || info.host.state === 'dead' ? Date.parse(info.updatedAt) : now

/** How long the process has been under way, or was. */
export function took(info: ProcessInfo, now: number): string {
  const ms = spent(info, seenUntil(info, now))
  return ms === undefined ? '' : span(ms)
}

/** What is wrong with the host of a process that has not ended: `dead`, `none`. Nothing as long as one that is well has it. */
export function hostTrouble({ host, endedAt }: ProcessInfo): string {
  if (endedAt !== undefined || host?.state === 'alive') return ''
  return host === undefined ? 'none' : printable(host.state)
}
