import { FileBytes, linesOf } from '../../journal/file-bytes.ts'
import { ifThere, openToRead, removeFile, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { worthKeeping } from '../../journal/worth-keeping.ts'
import type { Directory } from './directory.ts'

type Shared = Pick<Directory, 'files' | 'keys'>

/** A journal, and the draft that is to take its place. */
export interface Replacement {
  readonly pid: string
  readonly key: string | undefined
  readonly file: string
  readonly draft: string
}

/** Drafts a journal that has only the lines worth keeping. Returns its length in bytes. */
export function draftCompacted(directory: Shared, replacement: Replacement): number {
  const { file, pid } = replacement
  const lines = linesWorthKeeping(directory.files, file, pid)
  const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''))
  writeDraft(directory, replacement, bytes)
  return bytes.length
}

export function writeDraft(directory: Shared, replacement: Replacement, bytes: Buffer): void {
  dropDraft(directory, replacement)
  writeNew(directory.files, replacement.draft, bytes)
}

/** Removes an earlier draft, which may have the key: nobody must find a key without a journal. */
export function dropDraft({ files, keys }: Shared, { pid, key, file, draft }: Replacement): void {
  if (files.statSync(draft, { throwIfNoEntry: false }) === undefined) return
  // Without a journal there is nothing that the key could point to.
  if (key !== undefined && keys.isOf(key, draft)) ifThere(() => keys.move(key, pid, file))
  removeFile(files, draft)
}

/** Puts the draft in the journal's place. Readers see the one file or the other. */
export function replace(directory: Shared, replacement: Replacement): void {
  const { pid, key, file, draft } = replacement
  try {
    // The key first: a journal whose key points elsewhere would lose it. After a death between the
    // two calls the adopter moves the key back.
    if (key !== undefined) directory.keys.move(key, pid, draft)
    directory.files.renameSync(draft, file)
  } catch (error) {
    dropDraft(directory, replacement)
    throw error
  }
}

function linesWorthKeeping(files: Files, file: string, pid: string): string[] {
  const fd = openToRead(files, file)
  try {
    const bytes = new FileBytes(files, fd)
    const lines = [...linesOf(bytes.slice(0, bytes.size))]
    return worthKeeping(lines, pid, file).map(({ text }) => text)
  } finally {
    files.closeSync(fd)
  }
}
