import type { ProcessInfo } from '../../index.ts'
import { printable, printableJson } from '../printable.ts'
import { counted, currentStep, hostTrouble, inShort, took } from './facts.ts'
import { cut } from './text.ts'

/** How much of an output to print. `show` prints all of it. */
const LONGEST_OUTPUT = 200

/**
 * The state of a process in one plain line: `2026-01-31T12:00:00.000Z running read 3/10 message`.
 */
export function changeLine(info: ProcessInfo): string {
  const step = currentStep(info)
  const { status, error } = info
  const parts = [printable(info.updatedAt), printable(status)]
  if (step !== undefined) {
    parts.push(printable(step.name))
    if (step.status !== status) parts.push(printable(step.status))
    if (step.attempt > 1) parts.push(`attempt ${step.attempt}`)
    if (info.endedAt === undefined && step.progress)
      parts.push(counted(step.progress), printable(step.progress.message ?? ''))
    if (step.until !== undefined && step.status !== 'running') parts.push(`until ${printable(step.until)}`)
  }
  const failure = error ?? (step?.status === 'waiting' ? step.error : undefined)
  if (failure !== undefined) parts.push(inShort(failure))
  if (status === 'finished') parts.push(cut(printableJson(info.output), LONGEST_OUTPUT))
  if (hostTrouble(info) !== '') parts.push(`(host: ${hostTrouble(info)})`)
  if (info.endedAt !== undefined && info.startedAt !== undefined)
    parts.push(`(took ${took(info, Date.parse(info.endedAt))})`)
  return parts.filter(part => part !== '').join(' ')
}
