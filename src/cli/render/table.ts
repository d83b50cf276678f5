import type { Style, View } from '../screen.ts'
import { columnsOf, cut } from './text.ts'

export interface Column<Row> {
  readonly title: string
  /** Printable text of one line. A column without any is left out. */
  readonly cell: (row: Row) => string
  readonly style?: (row: Row) => Style | undefined
  /** Instead of `cell`, where there is no room for all columns at their full width. */
  readonly short?: (row: Row) => string
  /** The width down to which the column may be cut. Without it, the column is shown in full. */
  readonly least?: number
  /**
   * Whether the column is left out where there is not enough room; the last such column goes first.
   */
  readonly dispensable?: boolean
}

interface Measured<Row> {
  readonly column: Column<Row>
  readonly least: number
  width: number
}

const GAP = 2

function measure<Row>(columns: readonly Column<Row>[], rows: readonly Row[], most: number): Measured<Row>[] {
  return columns.flatMap(column => {
    const widest = Math.max(0, ...rows.map(row => columnsOf(cut(column.cell(row), most))))
    if (widest === 0) return []
    const width = Math.max(widest, columnsOf(column.title))
    return { column, width, least: Math.min(width, column.least ?? width) }
  })
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1))

function dropWhatHasNoRoom<Row>(measured: Measured<Row>[], most: number): void {
  while (measured.length > 1 && total(measured.map(({ least }) => least)) > most) {
    const dispensable = measured.findLastIndex(({ column }) => column.dispensable)
    measured.splice(dispensable === -1 ? measured.length - 1 : dispensable, 1)
  }
}

const shortened = <Row>(column: Column<Row>): Column<Row> => ({ ...column, cell: column.short ?? column.cell })

/** Narrows the widest columns first. */
function shrink<Row>(measured: readonly Measured<Row>[], most: number): void {
  for (let excess = total(measured.map(({ width }) => width)) - most; excess > 0; excess--) {
    const [widest] = measured.filter(({ width, least }) => width > least).toSorted((a, b) => b.width - a.width)
    if (widest === undefined) return
    widest.width--
  }
}

/** Rows as lines no wider than the view, below a line of titles (unless all titles are empty). */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width: most, paint }: Pick<View, 'width' | 'paint'>,
): string[] {
  const wide = measure(columns, rows, most)
  const fits = total(wide.map(({ width }) => width)) <= most
  const measured = fits ? wide : measure(columns.map(shortened), rows, most)
  dropWhatHasNoRoom(measured, most)
  shrink(measured, most)
  const line = (
    textOf: (column: Column<Row>) => string,
    styleOf: (column: Column<Row>) => Style | undefined,
  ): string => {
    let text = ''
    let gap = 0
    for (const { column, width } of measured) {
      const cell = cut(textOf(column), Math.min(width, most)).trimEnd()
      const style = styleOf(column)
      if (cell !== '') text += ' '.repeat(gap) + (style === undefined ? cell : paint(style, cell))
      gap = width + GAP - columnsOf(cell) + (cell === '' ? gap : 0)
    }
    return text
  }
  const titled = measured.some(({ column }) => column.title !== '')
  return [
    ...(titled
      ? [
          line(
            column => column.title,
            () => 'bold',
          ),
        ]
      : []),
    ...rows.map(row =>
      line(
        column => column.cell(row),
        column => column.style?.(row),
      ),
    ),
  ]
}
