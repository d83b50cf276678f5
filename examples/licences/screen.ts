import type { ProcessInfo } from 'stepwright'

type Step = ProcessInfo['steps'][number]

const MARKS: Partial<Record<Step['status'], string>> = { pending: '·', running: '▸', finished: '✓', error: '✗' }
const BAR_WIDTH = 24

/** Shows the progress of a process: a bar per step on a terminal, a line per change elsewhere. */
export function screenFor(out: NodeJS.WriteStream): (info: ProcessInfo) => void {
  return out.isTTY ? redrawOn(out) : linesOn(out)
}

function redrawOn(out: NodeJS.WriteStream): (info: ProcessInfo) => void {
  let height = 0
  return ({ steps }) => {
    const up = height === 0 ? '' : `\x1b[${height}A`
    const rows = steps.map(step => `\x1b[2K${rowOf(step).slice(0, out.columns - 1)}\n`)
    out.write(up + rows.join(''))
    height = rows.length
  }
}

function rowOf(step: Step): string {
  const { value, total } = step.progress ?? { value: 0 }
  const share = step.status === 'finished' ? 1 : total ? value / total : 0
  const filled = Math.round(share * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  return `  ${MARKS[step.status] ?? '…'} ${step.name.padEnd(14)} ${bar} ${countOf(step).padStart(9)}`
}

function linesOn(out: NodeJS.WriteStream): (info: ProcessInfo) => void {
  const said = new Map<string, string>()
  return ({ steps }) => {
    for (const step of steps) {
      const { value, total } = step.progress ?? { value: 0 }
      // While a step runs, a line a quarter is enough.
      const moment = step.status === 'running' ? `running ${total ? Math.floor((value / total) * 4) : ''}` : step.status
      if (step.status === 'pending' || said.get(step.name) === moment) continue
      said.set(step.name, moment)
      out.write(`  ${step.name} ${step.status} ${countOf(step)}`.trimEnd() + '\n')
    }
  }
}

const countOf = ({ progress }: Step): string =>
  progress === undefined
    ? ''
    : progress.total === undefined
      ? `${progress.value}`
      : `${progress.value}/${progress.total}`
