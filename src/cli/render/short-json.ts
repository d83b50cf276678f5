import { printableJson } from '../printable.ts'
import { cut } from './text.ts'

const MOST_LINES = 20
/** The limit where the output has no width. */
const LONGEST = 160

/** A value on one line if it fits, else the first lines of its indented JSON. */
export function shortJson(value: unknown, width: number): string[] {
  const most = Math.min(width, LONGEST)
  const onOneLine = printableJson(value)
  if (onOneLine.length <= most) return [onOneLine]
  const lines = printableJson(value, 2).split('\n')
  const kept =
    lines.length <= MOST_LINES
      ? lines
      : [...lines.slice(0, MOST_LINES - 1), `… ${lines.length - MOST_LINES + 1} more lines: --json shows all`]
  return kept.map(line => cut(line, most))
}
