import fs from 'node:fs'
import { FileBytes, linesOf } from '../../journal/file-bytes.ts'
import { removeFile, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { worthKeeping } from '../../journal/worth-keeping.ts'
import type { Keys } from './keys.ts'

/** What a compaction writes before it replaces the journal. Readers know no such name. */
export const draftName = (pid: string): string => `.${pid}.jsonl`

/** A journal, and what is to take its place. */
export interface Replacement {
  readonly pid: string
  readonly key: string | undefined
  readonly file: string
  readonly draft: string
}

export const replacementIn = (folder: string, pid: string, key: string | undefined): Replacement => ({
  pid,
  key,
  file: `${folder}/${pid}.jsonl`,
  draft: `${folder}/${draftName(pid)}`,
})

/** Drafts a journal that has only the lines worth keeping. Returns its length in bytes. */
export function draftCompacted(files: Files, keys: Keys, replacement: Replacement): number {
  const { file, pid } = replacement
  const bytes = Buffer.from(
    linesWorthKeeping(files, file, pid)
      .map(line => `${line}\n`)
      .join(''),
  )
  writeDraft(files, keys, replacement, bytes)
  return bytes.length
}

export function writeDraft(files: Files, keys: Keys, replacement: Replacement, bytes: Buffer): void {
  dropDraft(files, keys, replacement)
  writeNew(files, replacement.draft, bytes)
}

/** An earlier draft may have the key: nobody must find that without a journal. */
export function dropDraft(files: Files, keys: Keys, { pid, key, file, draft }: Replacement): void {
  if (files.statSync(draft, { throwIfNoEntry: false }) === undefined) return
  if (key !== undefined) keys.move(key, pid, file)
  removeFile(files, draft)
}

/** Readers see the one file or the other. */
export function replace(files: Files, keys: Keys, replacement: Replacement): void {
  const { pid, key, file, draft } = replacement
  try {
    // The key first: a journal whose key points elsewhere would lose it, a draft that dies here is settled by who adopts the journal.
    if (key !== undefined) keys.move(key, pid, draft)
    files.renameSync(draft, file)
  } catch (error) {
    dropDraft(files, keys, replacement)
    throw error
  }
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
