import type { ProcessInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import type { View } from '../screen.ts'
import { counted, currentStep, hostTrouble, took } from './facts.ts'
import { lookOf } from './status.ts'
import { table } from './table.ts'
import { roughly } from './time.ts'

function stepOf(info: ProcessInfo): string {
  const step = currentStep(info)
  if (step === undefined) return ''
  return printable(step.name) + (step.progress === undefined ? '' : ` ${counted(step.progress)}`)
}

/** One line a process, in the order given. */
export const processList = (infos: readonly ProcessInfo[], view: View): string[] =>
  table<ProcessInfo>(
    [
      { title: 'PID', cell: info => printable(info.pid) },
      { title: 'NAME', cell: info => printable(info.name), least: 8 },
      { title: 'STATUS', cell: info => printable(info.status), style: info => lookOf(info.status).style },
      { title: 'HOST', cell: hostTrouble, style: () => 'red' },
      { title: 'STEP', cell: stepOf, least: 8 },
      { title: 'CREATED', cell: info => `${roughly(view.now - Date.parse(info.createdAt))} ago`, style: () => 'dim', dispensable: true },
      { title: 'TOOK', cell: info => took(info, view.now), dispensable: true },
    ],
    infos,
    view,
  )
