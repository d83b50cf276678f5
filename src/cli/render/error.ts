import type { ErrorRecord } from '../../index.ts'
import { printable, printableLines } from '../printable.ts'
import type { Paint } from '../screen.ts'

/** V8 keeps ten frames by default. */
const MOST_FRAMES = 12
const MOST_MESSAGE_LINES = 20
const MOST_CAUSES = 10

/** The lines of a stack without its headline, which is printed anyway. */
function framesOf({ name, message, stack }: ErrorRecord): string[] {
  if (stack === undefined) return []
  const headline = `${name}: ${message}`
  if (stack.startsWith(headline)) return printableLines(stack.slice(headline.length)).filter(line => line.trim() !== '')
  const lines = printableLines(stack)
  const first = lines.findIndex(line => /^\s*at /.test(line))
  return first === -1 ? lines : lines.slice(first)
}

const atMost = (lines: readonly string[], most: number, what: string): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), `… ${lines.length - most} more ${what}`]

/** An error with its stack, then whatever caused it. */
export function errorLines(error: ErrorRecord, paint: Paint): string[] {
  const lines: string[] = []
  let one: ErrorRecord | undefined = error
  for (let depth = 0; one !== undefined && depth < MOST_CAUSES; depth++, one = one.cause) {
    const [first = '', ...more] = atMost(printableLines(one.message), MOST_MESSAGE_LINES, 'lines')
    const code = one.code === undefined ? '' : printable(` (${one.code})`)
    lines.push(
      `${depth > 0 ? paint('dim', 'caused by ') : ''}${paint('red', `${printable(one.name)}: ${first}`)}${code}`,
    )
    lines.push(...more)
    lines.push(
      ...atMost(
        framesOf(one).map(line => line.trim()),
        MOST_FRAMES,
        'frames',
      ).map(line => paint('dim', `    ${line}`)),
    )
  }
  if (one !== undefined) lines.push(paint('dim', '… more causes'))
  return lines
}
