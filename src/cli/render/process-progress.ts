import type { ProcessInfo, ProcessStepInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import type { View } from '../screen.ts'
import { currentStep, hostTrouble, took } from './facts.ts'
import { outcomeSections } from './process-details.ts'
import { lookOf } from './status.ts'
import { liveSteps } from './steps.ts'
import { columnsOf, cut } from './text.ts'

/** Cuts the texts to the width before it styles them, so that no escape code is cut. */
function headline(info: ProcessInfo, { paint, now, width }: View): string {
  const { glyph, style } = lookOf(info.status)
  const trouble = hostTrouble(info)
  const parts = [
    [style, glyph],
    ['bold', printable(info.name)],
    ['dim', printable(info.pid)],
    [style, printable(info.status)],
    ['red', trouble && `host: ${trouble}`],
    ['dim', took(info, now)],
  ] as const
  let left = width
  let line = ''
  for (const [format, text] of parts) {
    const kept = cut(text, left)
    if (kept === '') continue
    line += (line === '' ? '' : ' ') + paint(format, kept)
    left -= columnsOf(kept) + 1
  }
  return line
}

/** As many steps as fit, around the current one. */
function excerpt(
  info: ProcessInfo,
  room: number,
): { before: number; steps: readonly ProcessStepInfo[]; after: number } {
  const { steps } = info
  if (steps.length <= room) return { before: 0, steps, after: 0 }
  const shown = Math.max(1, room - 2)
  const current = currentStep(info)
  const middle = current === undefined ? 0 : steps.indexOf(current)
  const first = Math.min(Math.max(0, middle - Math.floor(shown / 2)), steps.length - shown)
  return { before: first, steps: steps.slice(first, first + shown), after: steps.length - first - shown }
}

/** A live process, in at most `rows` lines. */
export function liveProcess(info: ProcessInfo, view: View, rows: number): string[] {
  const { before, steps, after } = excerpt(info, rows - 1)
  const hidden = (count: number, what: string): string[] =>
    count === 0 ? [] : [view.paint('dim', `  … ${count} ${what}`)]
  return [headline(info, view), ...hidden(before, 'before'), ...liveSteps(info, steps, view), ...hidden(after, 'more')]
}

/** An ended process: all its steps, and its error or output. */
export const endedProcess = (info: ProcessInfo, view: View): string[] => [
  headline(info, view),
  ...liveSteps(info, info.steps, view),
  ...outcomeSections(info, view),
]
