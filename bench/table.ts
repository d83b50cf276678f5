import type { Result } from './rounds.ts'

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const fixed = (value: number, digits: number): string => (Number.isNaN(value) ? '' : value.toFixed(digits))

const COLUMNS: Readonly<Record<string, (result: Result) => string>> = {
  'steps/s': ({ stepsPerSecond }) => whole(stepsPerSecond),
  'x bare': ({ speedRatio }) => fixed(speedRatio, 2),
  'CPU µs/step': ({ cpuMicrosecondsPerStep }) => fixed(cpuMicrosecondsPerStep, 1),
  'p50 ms': ({ latency }) => fixed(latency?.p50 ?? NaN, 3),
  'p99 ms': ({ latency }) => fixed(latency?.p99 ?? NaN, 3),
  'loop p99 ms': ({ loopDelayMs }) => fixed(loopDelayMs, 1),
  'peak MB': ({ peakBytes }) => whole(peakBytes / 1e6),
  'kB written/process': ({ bytesWrittenPerProcess }) => fixed(bytesWrittenPerProcess / 1e3, 1),
}

/** A table as Markdown has them, which is one to read as well. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map(result => [result.name, ...Object.values(COLUMNS).map(of => of(result))])
  return markdownTable(['', ...Object.keys(COLUMNS)], rows)
}

/** Columns but the first to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
