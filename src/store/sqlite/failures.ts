import { StepwrightError } from '../../errors.ts'
import { corrupt, readFailed, writeFailed } from '../../journal/failures.ts'
import { noAccess } from '../failures.ts'

/** SQLite's primary result codes. */
const PERM = 3
const BUSY = 5
const READONLY = 8
const CORRUPT = 11
const CANTOPEN = 14
const AUTH = 23
const NOTADB = 26

/** The lowest byte of an extended code is the primary one. */
const codeOf = (error: unknown): number => ((error as { errcode?: number } | null)?.errcode ?? 0) & 0xff

export const isSqliteError = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'ERR_SQLITE_ERROR'

/** Another process is writing, or is setting the database up. */
export const isBusy = (error: unknown): boolean => isSqliteError(error) && codeOf(error) === BUSY

const DENIED: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP']

/** The error to throw for whatever kept a store from being read or written. */
export function storeFailure(file: string, error: unknown, doing: 'read' | 'write'): Error {
  if (error instanceof StepwrightError || error instanceof TypeError) return error
  if (isSqliteError(error)) {
    const code = codeOf(error)
    if (code === CORRUPT || code === NOTADB) return corrupt(file, error)
    if (code === PERM || code === READONLY || code === CANTOPEN || code === AUTH) return denied(file, error, doing)
  } else if (DENIED.includes((error as NodeJS.ErrnoException | null)?.code)) return denied(file, error, doing)
  return doing === 'read' ? readFailed(file, error) : writeFailed(file, error)
}

const denied = (file: string, error: unknown, doing: 'read' | 'write'): StepwrightError =>
  noAccess(file, doing === 'read' ? 'The store cannot be read' : 'The store cannot be written', error)
