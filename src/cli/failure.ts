import { CommanderError } from 'commander'
import { StepwrightError } from '../errors.ts'
import { Interrupted } from './io.ts'
import { printableJson, printableLines } from './printable.ts'

/** Exit status: wrong use, or the command could not do it. */
export const FAILED = 2

/** An error that the caller can fix. Only its message is printed. */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly code = 'ERR_USAGE'
}

const OTHER_STORE = 'Another store is named by --store PATH, or by STEPWRIGHT_STORE.'

/**
 * Whether the library refused an argument: such errors have one form. Any other TypeError is a bug.
 */
const isWrongArgument = (thrown: Error): boolean =>
  thrown instanceof TypeError && / must be [^]*; received /.test(thrown.message)

const isExpected = (thrown: Error): boolean =>
  thrown instanceof UsageError || thrown instanceof StepwrightError || isWrongArgument(thrown)

interface Failure {
  readonly status: number
  /** What to print on stderr. */
  readonly text: string
}

/**
 * The exit status and the message for what a command threw.
 *
 * @param asJson prints an object in one line: `{"error":{"code","message"}}`
 */
export function failure(thrown: unknown, asJson = false): Failure {
  if (thrown instanceof Interrupted) return { status: thrown.exitStatus, text: '' }
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return { status: 0, text: '' }
    // Commander's status is 1, which here says that a process did not finish. Without `asJson` it
    // has printed its message.
    return { status: FAILED, text: asJson ? toJson('ERR_USAGE', thrown.message.replace(/^error: /, '')) : '' }
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (asJson) return { status: FAILED, text: toJson(codeOf(error), error.message) }
  const message = isExpected(error) ? error.message : (error.stack ?? error.message)
  const text =
    error instanceof StepwrightError && error.code === 'ERR_STORE_MISSING' ? `${message}\n${OTHER_STORE}` : message
  return { status: FAILED, text: `stepwright: ${printableLines(text).join('\n')}\n` }
}

const toJson = (code: string | undefined, message: string): string => `${printableJson({ error: { code, message } })}\n`

function codeOf(error: Error): string | undefined {
  if (isWrongArgument(error)) return 'ERR_USAGE'
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}
