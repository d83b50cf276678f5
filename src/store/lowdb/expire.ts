import { lstat, rmdir, unlink } from 'node:fs/promises'
import { isMissing } from '../../errors.ts'
import { writeFailed } from '../../journal/failures.ts'
import { parseParent } from '../../journal/line.ts'
import { createdAtOf, startOfHour } from '../../record/pid.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { Directory } from './directory.ts'
import { isTaken } from './ended-journals.ts'
import { readFirstLine } from './first-line.ts'
import { placeOf } from './locate.ts'
import { namesInPieces } from './names.ts'
import { hoursIn, parseEndedName, TRAILS } from './paths.ts'

/** Files looked at side by side. */
const BATCH = 32
/** A host that takes longer than this to delete a journal has died meanwhile. In milliseconds. */
const STUCK_MS = 60_000

/** See `HostStore.expire`. The end of a process is when its file was last written. */
export async function expire(directory: Directory, createdBefore: number, endedBefore: number): Promise<number> {
  const { files, paths, keys } = directory
  let removed = 0
  for (const hour of hoursIn(files, paths).toSorted()) {
    if (startOfHour(hour) >= createdBefore) break
    const folder = paths.hourFolder(hour)
    removed += await forEachName(directory, folder, async name => {
      const gone = await expireFile(directory, folder, name, createdBefore, endedBefore)
      const ended = gone ? parseEndedName(name) : undefined
      for (const trail of ended ? TRAILS : []) await unlink(paths.trail(trail, ended!.pid)).catch(ignoreMissing)
      return gone
    })
    await rmdir(folder).catch(ignoreNotEmpty)
    for (const trail of TRAILS) await rmdir(paths.trailFolder(trail, hour)).catch(ignoreNotEmpty)
  }
  const yieldLoop = createLoopYield()
  await forEachName(directory, paths.keys, async name => {
    keys.shrinkIfStale(name)
    await yieldLoop()
    return false
  })
  return removed
}

async function expireFile(
  directory: Directory,
  folder: string,
  name: string,
  createdBefore: number,
  endedBefore: number,
): Promise<boolean> {
  const { paths, ended: journals } = directory
  const ended = parseEndedName(name)
  if (ended === undefined ? !isTaken(name) : createdAtOf(ended.pid) >= createdBefore) return false
  const file = paths.found(folder, name)
  const stat = await lstat(file)
  if (!stat.isFile()) return false
  if (ended === undefined) return stat.ctimeMs < Date.now() - STUCK_MS && journals.delete(folder, name)
  if (stat.mtimeMs >= endedBefore) return false
  // The other name of the file is a key, which has to go with it. Every child has one.
  if (stat.nlink > 1) return !hasParent(directory, file) && journals.delete(folder, name)
  await unlink(file)
  return true
}

/** Children stay as long as their root. */
function hasParent(directory: Directory, file: string): boolean {
  const parent = parseParent(readFirstLine(directory.files, file) ?? '')
  return parent !== undefined && placeOf(directory, parent) !== undefined
}

/**
 * Calls `visit` for every name in a folder. Returns how often it returned true. Files that are gone
 * by then do not count.
 */
async function forEachName(
  { paths }: Directory,
  folder: string,
  visit: (name: string) => Promise<boolean>,
): Promise<number> {
  let count = 0
  const names = await namesInPieces(folder)
  for (let start = 0; start < names.length; start += BATCH) {
    const done = await Promise.all(
      names.slice(start, start + BATCH).map(async name => {
        try {
          return await visit(name)
        } catch (error) {
          if (isMissing(error)) return false
          throw writeFailed(paths.found(folder, name), error)
        }
      }),
    )
    count += done.filter(Boolean).length
  }
  return count
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error
}

function ignoreNotEmpty(error: NodeJS.ErrnoException): void {
  if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error
}
