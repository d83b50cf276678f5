import { StepwrightError } from '../errors.ts'
import { NotAFile } from './files.ts'

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'The disk quota is used up: free some space.',
  EROFS: 'The file system is read-only.',
  EACCES: 'Check who may read and write it.',
  EPERM: 'Check who may read and write it.',
  EMFILE: 'Too many files are open: raise `ulimit -n`.',
  ENFILE: 'Too many files are open on this machine.',
}

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException | null)?.code ?? ''

/** A message that says what failed and why, with advice if the code of the cause allows any. */
export function withAdvice(what: string, cause: unknown): string {
  const advice = ADVICE[codeOf(cause)]
  return `${what}: ${cause instanceof Error ? cause.message : String(cause)}${advice === undefined ? '' : `. ${advice}`}`
}

export const writeFailed = (file: string, cause: unknown): StepwrightError =>
  new StepwrightError('ERR_STORE_WRITE', withAdvice(`Could not write ${file}`, cause), { cause })

export const readFailed = (file: string, cause: unknown): StepwrightError =>
  cause instanceof NotAFile
    ? corrupt(file, cause)
    : new StepwrightError('ERR_STORE_READ', withAdvice(`Could not read ${file}`, cause), { cause })

/** Calls `read`. A failure is thrown as ERR_STORE_READ with the name of the file. */
export function orReadFailed<T>(file: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw error instanceof StepwrightError ? error : readFailed(file, error)
  }
}

export const corrupt = (file: string, cause: unknown): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_CORRUPT',
    `${withAdvice(`${file} cannot be understood`, cause)}. It is left as it is: repair it, or move it out of the store.`,
    { cause },
  )

export const tooNew = (file: string, found: number, known: number): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_VERSION',
    `${file} has format ${found}, this version of stepwright knows up to ${known}. Upgrade stepwright, or use another store.`,
  )

/**
 * Whether a failure concerns one journal only, so that a list reports it and continues. Running out
 * of file descriptors concerns all of them.
 */
export const isOfOneJournal = (error: unknown): error is StepwrightError =>
  error instanceof StepwrightError &&
  (error.code === 'ERR_STORE_CORRUPT' ||
    error.code === 'ERR_STORE_VERSION' ||
    (error.code === 'ERR_STORE_READ' && !isOutOfFiles(error.cause) && codeOf(error.cause) !== 'ENOMEM'))

/** Whether this Node process, or the machine, has too many files open. */
export const isOutOfFiles = (cause: unknown): boolean => ['EMFILE', 'ENFILE'].includes(codeOf(cause))
