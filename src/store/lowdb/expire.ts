import fs from 'node:fs'
import { opendir, rmdir, stat, unlink } from 'node:fs/promises'
import { isMissing } from '../../errors.ts'
import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import type { Files } from '../../journal/files.ts'
import { writeFailed } from '../../journal/failures.ts'
import { parseParent } from '../../journal/line.ts'
import { createLoopYield } from '../loop-yield.ts'
import { createdAtOf, startOfHour } from '../../record/pid.ts'
import { hoursIn, parseEndedName } from './folders.ts'
import type { Folders } from './folders.ts'
import type { Keys } from './keys.ts'
import { locate } from './locate.ts'
import { isTaken, removeEnded } from './remove.ts'

/** Names read at once: all of an hour's may be a hundred thousand, and would hold up the event loop. */
const NAMES = 512
/** Files looked at side by side. */
const BATCH = 32
/** A removal that takes longer has died. */
const STUCK_MS = 60_000

/** See `HostStore.expire`. The end of a process is when its file was last written. */
export async function expire(files: Files, folders: Folders, keys: Keys, createdBefore: number, endedBefore: number): Promise<number> {
  let removed = 0
  for (const hour of hoursIn(files, folders).toSorted()) {
    if (startOfHour(hour) >= createdBefore) break
    const folder = folders.hourFolder(hour)
    removed += await each(folder, async name => {
      const gone = await expireFile(files, folders, keys, folder, name, createdBefore, endedBefore)
      const ended = gone ? parseEndedName(name) : undefined
      if (ended) await unlink(folders.logFile(ended.pid)).catch(ignoreMissing)
      return gone
    })
    await rmdir(folder).catch(ignoreNotEmpty)
    await rmdir(`${folders.logs}/${hour}`).catch(ignoreNotEmpty)
  }
  const yieldLoop = createLoopYield()
  await each(folders.keys, async name => {
    keys.shrinkIfStale(name)
    await yieldLoop()
    return false
  })
  return removed
}

async function expireFile(
  files: Files,
  folders: Folders,
  keys: Keys,
  folder: string,
  name: string,
  createdBefore: number,
  endedBefore: number,
): Promise<boolean> {
  const ended = parseEndedName(name)
  if (ended === undefined ? !isTaken(name) : createdAtOf(ended.pid) >= createdBefore) return false
  const { mtimeMs, ctimeMs, nlink } = await stat(`${folder}/${name}`)
  if (ended === undefined) return ctimeMs < Date.now() - STUCK_MS && removeEnded(files, keys, folder, name)
  if (mtimeMs >= endedBefore) return false
  // Another name is a key, which has to go with it. Every child has one.
  if (nlink > 1) return !hasParent(files, folders, `${folder}/${name}`) && removeEnded(files, keys, folder, name)
  await unlink(`${folder}/${name}`)
  return true
}

/** Children stay as long as their root. */
function hasParent(files: Files, folders: Folders, file: string): boolean {
  const fd = files.openSync(file, fs.constants.O_RDONLY)
  try {
    const parent = parseParent(firstLine(new FileBytes(files, fd)) ?? '')
    const found = parent === undefined ? undefined : locate(files, folders, parent)
    if (found) files.closeSync(found.fd)
    return found !== undefined
  } finally {
    files.closeSync(fd)
  }
}

/** Runs `visit` for every name in a folder; returns how often it said true. What is gone meanwhile does not count. */
async function each(folder: string, visit: (name: string) => Promise<boolean>): Promise<number> {
  let count = 0
  const names = await namesOf(folder)
  for (let start = 0; start < names.length; start += BATCH) {
    const done = await Promise.all(
      names.slice(start, start + BATCH).map(async name => {
        try {
          return await visit(name)
        } catch (error) {
          if (isMissing(error)) return false
          throw writeFailed(`${folder}/${name}`, error)
        }
      }),
    )
    count += done.filter(Boolean).length
  }
  return count
}

async function namesOf(folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    for await (const { name } of await opendir(folder, { bufferSize: NAMES })) names.push(name)
  } catch (error) {
    ignoreMissing(error)
  }
  return names
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error
}

function ignoreNotEmpty(error: NodeJS.ErrnoException): void {
  if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error
}
