import { dirname } from 'node:path'
import { StepwrightError, isMissing } from '../../errors.ts'
import { makeFolder, readText, writeAtomically } from '../../journal/files.ts'
import type { FileStat, Files } from '../../journal/files.ts'
import { corrupt, readFailed, tooNew, writeFailed } from '../../journal/failures.ts'
import { noAccess } from '../failures.ts'
import type { Directory } from './directory.ts'
import type { Paths } from './paths.ts'
import { writeSafely } from './power.ts'

export const STORE_FORMAT = 1

const DENIED: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP']
const isDenied = (error: unknown): boolean => DENIED.includes((error as NodeJS.ErrnoException | null)?.code)

/**
 * Makes sure that there is a store which this user and this version can read.
 *
 * @throws ERR_STORE_MISSING, ERR_STORE_ACCESS, ERR_STORE_VERSION, ERR_STORE_CORRUPT, ERR_STORE_READ
 */
export function checkStore({ files, paths }: Directory): void {
  const { root } = paths
  const stat = statRoot(files, root)
  const found = stat !== undefined && formatOf(files, paths) !== undefined
  if (!found) {
    throw new StepwrightError(
      'ERR_STORE_MISSING',
      `There is no store at ${root}. Check the path; a store is made when the first host opens it with createRuntime().`,
    )
  }
}

/**
 * Makes the folders that are not there yet. Any number of hosts may do so at once. Returns whether
 * the store was made.
 *
 * @throws ERR_STORE_ACCESS, ERR_STORE_VERSION, ERR_STORE_CORRUPT, ERR_STORE_WRITE
 */
export async function prepareStore({ files, paths, durability }: Directory): Promise<boolean> {
  const { root, hosts, pending, released, ended, keys } = paths
  try {
    const stat = statRoot(files, root)
    if (stat === undefined) makeFolder(files, root)
    if (formatOf(files, paths) !== undefined) return false
    // Only in a new folder: other files in a user's folder must not be hidden from git.
    if (files.readdirSync(root).length === 0) writeAtomically(files, paths.gitignore, '*\n')
    for (const folder of [hosts, pending, released, ended, keys]) makeFolder(files, folder)
    // Last: a store is one once all of it is there. Safe before it has its name: it may take the
    // place of one that another host relies on.
    await writeSafely(files, durability, paths.format, `${JSON.stringify({ format: STORE_FORMAT })}\n`)
    return true
  } catch (error) {
    throw asStoreFailure(root, error)
  }
}

/**
 * Waits until what was made with the store is safe, whoever made it.
 *
 * @param isNew this Node process made it
 */
export async function makeStoreSafe({ paths, durability }: Directory, isNew: boolean): Promise<void> {
  const { root, active, format } = paths
  await durability.file(format)
  await durability.folders(...(isNew ? [dirname(root)] : []), root, active)
}

/** The error to throw for whatever kept a host from opening in `root`. */
export function asStoreFailure(root: string, error: unknown): Error {
  const { code, cause } = error instanceof StepwrightError ? error : { code: 'ERR_STORE_WRITE', cause: error }
  if (code === 'ERR_STORE_WRITE' && isDenied(cause)) return noAccess(root, 'The store cannot be written', cause)
  return error instanceof StepwrightError ? error : writeFailed(root, error)
}

function statRoot(files: Files, root: string): FileStat | undefined {
  let stat: FileStat | undefined
  try {
    stat = files.statSync(root, { throwIfNoEntry: false })
  } catch (error) {
    throw isDenied(error) ? noAccess(root, 'The store cannot be read', error) : readFailed(root, error)
  }
  if (stat === undefined) return undefined
  if (!stat.isDirectory()) throw noAccess(root, 'This is a file, a store is a directory. Give another path.')
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    throw noAccess(
      root,
      `The store belongs to the user with id ${stat.uid}, this process runs as ${uid}. Run it as that user, or use another store.`,
    )
  }
  return stat
}

/** The format of the store, or `undefined` if there is none yet. */
function formatOf(files: Files, paths: Paths): number | undefined {
  let text: string
  try {
    text = readText(files, paths.format)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw isDenied(error) ? noAccess(paths.root, 'The store cannot be read', error) : readFailed(paths.format, error)
  }
  const format = parseFormat(paths.format, text)
  if (format > STORE_FORMAT) throw tooNew(paths.format, format, STORE_FORMAT)
  return format
}

function parseFormat(file: string, text: string): number {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw corrupt(file, error)
  }
  const format = (value as { format?: unknown } | null)?.format
  if (!Number.isSafeInteger(format)) throw corrupt(file, new Error('it has no `format`'))
  return format as number
}
