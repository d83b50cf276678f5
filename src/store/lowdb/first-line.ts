import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import { openToRead } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { parseClaim } from '../../journal/line.ts'

/** The text of a file's first line; `undefined` as long as it is not whole. */
export function readFirstLine(files: Files, file: string): string | undefined {
  const fd = openToRead(files, file)
  try {
    return firstLine(new FileBytes(files, fd))
  } finally {
    files.closeSync(fd)
  }
}

/** The key that a journal's first line claims. */
export function keyOf(files: Files, file: string): string | undefined {
  const head = readFirstLine(files, file)
  return head === undefined ? undefined : parseClaim(head)?.key
}
