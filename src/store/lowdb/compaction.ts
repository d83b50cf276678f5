import fs from 'node:fs'
import { FileBytes, linesOf } from '../file-bytes.ts'
import { removeFile, writeNew } from '../files.ts'
import type { Files } from '../files.ts'
import { worthKeeping } from '../worth-keeping.ts'
import type { Keys } from './keys.ts'

/** What a compaction writes before it replaces the journal. Readers know no such name. */
export const draftName = (pid: string): string => `.${pid}.jsonl`

/**
 * Replaces a journal by one that has only the lines worth keeping. Readers see the one file or the other. Returns the new length in bytes.
 */
export function compact(files: Files, keys: Keys, folder: string, pid: string, key: string | undefined): number {
  const file = `${folder}/${pid}.jsonl`
  const draft = `${folder}/${draftName(pid)}`
  const bytes = Buffer.from(
    linesWorthKeeping(files, file, pid)
      .map(line => `${line}\n`)
      .join(''),
  )
  removeFile(files, draft)
  writeNew(files, draft, bytes)
  try {
    // The key first: a journal whose key points elsewhere would lose it, a draft that dies here is settled by who adopts the journal.
    if (key !== undefined) keys.move(key, draft)
    files.renameSync(draft, file)
  } catch (error) {
    if (key !== undefined) keys.move(key, file)
    removeFile(files, draft)
    throw error
  }
  return bytes.length
}

function linesWorthKeeping(files: Files, file: string, pid: string): string[] {
  const fd = files.openSync(file, fs.constants.O_RDONLY)
  try {
    const bytes = new FileBytes(files, fd)
    const lines = [...linesOf(bytes.slice(0, bytes.size))]
    return worthKeeping(lines, pid, file).map(position => lines[position]!)
  } finally {
    files.closeSync(fd)
  }
}
