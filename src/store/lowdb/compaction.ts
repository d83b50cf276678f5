import fs from 'node:fs'
import { FileBytes, linesOf } from '../file-bytes.ts'
import { removeFile, writeNew } from '../files.ts'
import type { Files } from '../files.ts'
import { isProgress, parseFirst, parseLine } from '../line.ts'
import type { Keys } from './keys.ts'

/** A journal longer than this is compacted, and again when it has doubled. In bytes. */
export const COMPACT_AT = 8 * 1024 * 1024

/** What a compaction writes before it replaces the journal. Readers know no such name. */
export const draftName = (pid: string): string => `.${pid}.jsonl`

/**
 * Replaces a journal by one with its first line, each step's first record (from which a fork may start), what commands did (so that none is
 * applied twice), and the newest transition with the progress since. Readers see the one file or the other. Returns the new length in bytes.
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
    const kept: string[] = []
    let newest: string[] = []
    const seen = new Set<string>()
    for (const text of linesOf(bytes.slice(0, bytes.size))) {
      const line = kept.length === 0 ? parseFirst(text, pid, file) : parseLine(text, pid)
      if (isProgress(line)) {
        newest.push(text)
        continue
      }
      newest = []
      const begun = Object.keys(line.steps).filter(step => !seen.has(step))
      for (const step of begun) seen.add(step)
      if (kept.length === 0 || begun.length > 0 || line.event.command !== undefined) kept.push(text)
      else newest.push(text)
    }
    return [...kept, ...newest]
  } finally {
    files.closeSync(fd)
  }
}
