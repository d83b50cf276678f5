import type { ProcessInfo, ProcessStepInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import { stateText } from '../../format/state-text.ts'
import type { View } from '../screen.ts'
import { counted, inShort, seenUntil, timeLeft, waitsFor } from './facts.ts'
import { progressBar } from './progress-bar.ts'
import { lookOf } from './status.ts'
import { table, type Column } from './table.ts'
import { span, spent } from './time.ts'

const styleOf = ({ status }: ProcessStepInfo) => lookOf(status).style

function timeOf(step: ProcessStepInfo, now: number): string {
  const ms = step.status === 'skipped' ? undefined : spent(step, now)
  return ms === undefined ? '' : span(ms)
}

const NARROW = 75

/** Progress, what the step waits for, and its newest failure as long as it matters. */
function details(step: ProcessStepInfo, { now, width }: View, until: number): string {
  const { progress, status, attempt, error, machine } = step
  const left = timeLeft(step, until)
  const failed = error !== undefined && status !== 'finished' && status !== 'running'
  return [
    progress && status === 'running' && progressBar(progress, width < NARROW ? 10 : 20),
    progress && counted(progress),
    machine && printable(`in ${stateText(machine.value)}`),
    machine && machine.events.length > 0 && printable(`takes ${machine.events.join(', ')}`),
    attempt > 1 && `attempt ${attempt}`,
    waitsFor(step, now),
    failed ? inShort(error) : progress?.message !== undefined && printable(progress.message),
    left !== undefined && `~${span(left)} left`,
  ]
    .filter(Boolean)
    .join('  ')
}

const name: Column<ProcessStepInfo> = {
  title: '',
  cell: step => `${lookOf(step.status).glyph} ${printable(step.name)}`,
  style: styleOf,
  least: 10,
}

const indented = (lines: readonly string[]): string[] => lines.map(line => `  ${line}`)

/** One line per step, for a view that is redrawn often: cells that change their width come last. */
export function liveSteps(info: ProcessInfo, steps: readonly ProcessStepInfo[], view: View): string[] {
  const until = seenUntil(info, view.now)
  const columns: Column<ProcessStepInfo>[] = [
    name,
    { title: '', cell: step => timeOf(step, until).padEnd(7), style: () => 'dim' },
    { title: '', cell: step => details(step, view, until), least: 12 },
  ]
  return indented(table(columns, steps, { ...view, width: view.width - 2 }))
}

/** One line per step, with its status in words. */
export function allSteps(info: ProcessInfo, view: View): string[] {
  const until = seenUntil(info, view.now)
  const columns: Column<ProcessStepInfo>[] = [
    name,
    { title: '', cell: step => printable(step.status), style: styleOf },
    { title: '', cell: step => timeOf(step, until), style: () => 'dim' },
    { title: '', cell: step => details(step, view, until), least: 12 },
  ]
  return indented(table(columns, info.steps, { ...view, width: view.width - 2 }))
}
