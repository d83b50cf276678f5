import { CommanderError } from 'commander'
import { StepwrightError } from '../errors.ts'
import { Interrupted } from './io.ts'
import { printableLines } from './printable.ts'

/** The command was used wrongly, or what it was asked to do could not be done. */
export const FAILED = 2

/** Something the caller can put right: its message is all there is to tell. */
export class UsageError extends Error {
  override name = 'UsageError'
}

const OTHER_STORE = 'Another store is named by --store PATH, or by STEPWRIGHT_STORE.'

const isExpected = (thrown: Error): boolean => thrown instanceof UsageError || thrown instanceof StepwrightError

/** The exit status for whatever a command threw, and what to print on stderr. */
export function failure(thrown: unknown): { readonly status: number; readonly text: string } {
  if (thrown instanceof Interrupted) return { status: thrown.exitStatus, text: '' }
  // Commander has printed its message. Its status is 1 for wrong use, which here says that a process did not finish.
  if (thrown instanceof CommanderError) return { status: thrown.exitCode === 0 ? 0 : FAILED, text: '' }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const message = isExpected(error) ? error.message : (error.stack ?? error.message)
  const text = error instanceof StepwrightError && error.code === 'ERR_STORE_MISSING' ? `${message}\n${OTHER_STORE}` : message
  return { status: FAILED, text: `stepwright: ${printableLines(text).join('\n')}\n` }
}
