import fs from 'node:fs'
import { randomWord } from '../../record/random-word.ts'
import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import { ifThere, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { parseClaim } from '../../journal/line.ts'
import type { Keys } from './keys.ts'

/** An ended journal that somebody is removing, or died over. */
const TAKEN = /^\.[0-9a-z]{20}\.[a-z]+\.jsonl\.[0-9a-z]{11}$/

export const isTaken = (name: string): boolean => TAKEN.test(name)

/**
 * Removes an ended journal and frees its key. The journal is taken by a rename first: whoever wins is the only one to touch the key,
 * so a key that was freed and claimed anew is never freed again. Returns false if somebody else was faster.
 */
export function removeEnded(files: Files, keys: Keys, folder: string, name: string): boolean {
  const file = `${folder}/${name}`
  const taken = `${folder}/.${name.replace(/^\.|\.[0-9a-z]{11}$/g, '')}.${randomWord()}`
  if (ifThere(() => (files.renameSync(file, taken), true)) === undefined) return false
  const key = keyOf(files, taken)
  if (key !== undefined) keys.free(key, taken)
  return removeFile(files, taken)
}

/** The key that a journal's first line claims. */
export function keyOf(files: Files, file: string): string | undefined {
  const fd = files.openSync(file, fs.constants.O_RDONLY)
  try {
    const head = firstLine(new FileBytes(files, fd))
    return head === undefined ? undefined : parseClaim(head)?.key
  } finally {
    files.closeSync(fd)
  }
}
