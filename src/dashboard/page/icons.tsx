import type { JSX } from 'preact'
import type { ProcessStatus, StepStatus } from '../protocol.ts'

/** The icons of statuses, as strokes in a square of 16. */
const PATHS: Readonly<Record<ProcessStatus | StepStatus, string>> = {
  pending: 'M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0 -7',
  running: 'M6 4.8L11.2 8L6 11.2z',
  waiting: 'M11.6 6.2A4 4 0 1 0 12 8.6M11.9 3.6v2.9h-2.9',
  sleeping: 'M8 5.2V8l2 1.4M8 3.8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 1 0 0 -8.4',
  interrupted: 'M6.2 5v6M9.8 5v6',
  undoing: 'M5.8 4.4L3.8 6.6l2.2 2M3.8 6.6h5a2.6 2.6 0 0 1 0 5.2H6.4',
  finished: 'M4.8 8.4l2.2 2.2l4.3 -4.8',
  error: 'M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2',
  timeout: 'M5.6 4.4h4.8L8 8zM8 8l2.4 3.6H5.6z',
  cancelled: 'M4.4 11.6L11.6 4.4M8 3.4a4.6 4.6 0 1 0 0 9.2a4.6 4.6 0 1 0 0 -9.2',
  skipped: 'M4.8 8h6.4',
}

export function Icon({ status }: { readonly status: ProcessStatus | StepStatus }): JSX.Element {
  return (
    <svg class="glyph" viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
      <path d={PATHS[status] ?? PATHS.pending} />
    </svg>
  )
}
