import type { ProcessStatus, StepStatus } from '../../index.ts'
import type { Style } from '../screen.ts'

interface Look {
  readonly glyph: string
  readonly style: Style
}

const PROCESS: Readonly<Record<ProcessStatus, Look>> = {
  pending: { glyph: '·', style: 'dim' },
  running: { glyph: '●', style: 'cyan' },
  sleeping: { glyph: '◔', style: 'magenta' },
  interrupted: { glyph: '‖', style: 'yellow' },
  undoing: { glyph: '↶', style: 'cyan' },
  finished: { glyph: '✓', style: 'green' },
  error: { glyph: '✗', style: 'red' },
  timeout: { glyph: '✗', style: 'red' },
  cancelled: { glyph: '■', style: 'dim' },
}

const LOOKS: Readonly<Record<ProcessStatus | StepStatus, Look>> = {
  ...PROCESS,
  waiting: { glyph: '↻', style: 'yellow' },
  skipped: { glyph: '–', style: 'dim' },
}

export const STATUSES = Object.keys(PROCESS) as readonly ProcessStatus[]

/** For statuses that a newer version has written. */
const UNKNOWN: Look = { glyph: '?', style: 'dim' }
export const lookOf = (status: ProcessStatus | StepStatus): Look =>
  Object.hasOwn(LOOKS, status) ? LOOKS[status] : UNKNOWN
