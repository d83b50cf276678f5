import type { ProcessStatus, StepStatus } from '../../record/record.ts'

/** A colour for light and for dark backgrounds: `line` for lines and text, `fill` for boxes. */
interface Colour {
  readonly line: readonly [light: string, dark: string]
  readonly fill: readonly [light: string, dark: string]
}

const BLUE: Colour = { line: ['#1457d2', '#82aaff'], fill: ['#e6eeff', '#16264b'] }
const GREEN: Colour = { line: ['#14713f', '#62cf92'], fill: ['#e5f5ec', '#12301f'] }
const RED: Colour = { line: ['#b9151b', '#ff8b8f'], fill: ['#fdecec', '#3b1517'] }
const AMBER: Colour = { line: ['#855200', '#f1bf5f'], fill: ['#fff3dc', '#382a0e'] }
const VIOLET: Colour = { line: ['#6a3bb8', '#c0a3ff'], fill: ['#f1eafc', '#291d45'] }
const TEAL: Colour = { line: ['#0b6670', '#67d0d8'], fill: ['#e0f3f5', '#10313a'] }
const GREY: Colour = { line: ['#5b5f69', '#a3a7b2'], fill: ['#ebedf1', '#282b33'] }

/**
 * One colour for each status. The dashboard has the same ones (dashboard/page/styles/status.css),
 * which a test compares.
 */
export const COLOURS: Readonly<Record<ProcessStatus | StepStatus, Colour>> = {
  pending: GREY,
  running: BLUE,
  waiting: AMBER,
  sleeping: VIOLET,
  interrupted: AMBER,
  undoing: TEAL,
  finished: GREEN,
  skipped: GREY,
  error: RED,
  timeout: RED,
  cancelled: GREY,
}

/** The statuses with a colour of their own. Boxes of pending steps stay plain. */
export const SHOWN = (Object.keys(COLOURS) as (ProcessStatus | StepStatus)[]).filter(status => status !== 'pending')
