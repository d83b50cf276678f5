import type { ProcessInfo, Progress } from '../../index.ts'
import { printable } from '../printable.ts'
import type { View } from '../screen.ts'
import { counted, currentStep, hostTrouble, took } from './facts.ts'
import { lookOf } from './status.ts'
import { table } from './table.ts'
import { roughly } from './time.ts'

function stepOf(info: ProcessInfo): string {
  const step = currentStep(info)
  if (step === undefined) return ''
  return printable(step.name) + (step.progress === undefined ? '' : ` ${inShort(step.progress)}`)
}

/** A percentage, where the counts would be cut off in a narrow terminal and then read as others. */
const inShort = (progress: Progress): string =>
  progress.total !== undefined && progress.total >= 1_000
    ? `${Math.floor((100 * progress.value) / progress.total)}%`
    : counted(progress)

/** The random end of a pid, long enough to be unique. Commands find a process by it. */
const shortPid = (pid: string): string => pid.slice(-8)

/** One line per process, in the order given. */
export const processList = (infos: readonly ProcessInfo[], view: View): string[] =>
  table<ProcessInfo>(
    [
      { title: 'PID', cell: info => printable(info.pid), short: info => printable(shortPid(info.pid)) },
      { title: 'NAME', cell: info => printable(info.name), least: 8 },
      { title: 'STATUS', cell: info => printable(info.status), style: info => lookOf(info.status).style },
      { title: 'HOST', cell: hostTrouble, style: () => 'red' },
      { title: 'STEP', cell: stepOf, least: 8 },
      {
        title: 'CREATED',
        cell: info => `${roughly(view.now - Date.parse(info.createdAt))} ago`,
        style: () => 'dim',
        dispensable: true,
      },
      { title: 'TOOK', cell: info => took(info, view.now), dispensable: true },
    ],
    infos,
    view,
  )
