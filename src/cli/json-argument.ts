import { readFileSync } from 'node:fs'
import { UsageError } from './failure.ts'
import { printable } from './printable.ts'
import { cut } from './render/text.ts'

const STDIN = 0

/**
 * A value given on the command line: JSON, or `@file` for a file that holds JSON, `@-` for stdin.
 *
 * @throws UsageError
 */
export function jsonArgument(text: string | undefined, what: string): unknown {
  if (text === undefined) return undefined
  const json = text.startsWith('@') ? readFile(text.slice(1), what) : text
  try {
    return JSON.parse(json)
  } catch (error) {
    const shown = cut(printable(json), 60)
    throw new UsageError(
      `${what} is not JSON: ${(error as Error).message}\nIt is ${shown === '' ? 'empty' : shown}\nText needs quotes: '"text"'`,
    )
  }
}

function readFile(file: string, what: string): string {
  try {
    return readFileSync(file === '-' ? STDIN : file, 'utf8')
  } catch (error) {
    throw new UsageError(`${what}: ${printable(file)} cannot be read: ${(error as Error).message}`)
  }
}
