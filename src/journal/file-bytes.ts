import type { Files } from './files.ts'

/** Bytes read at once. Most journals are smaller, so one read gets all of a journal. */
const CHUNK = 64 * 1024
const NEWLINE = 10
const scratch = Buffer.allocUnsafeSlow(CHUNK)

/**
 * The file became shorter while it was read, because a writer cut off a line it could not finish.
 * The reader should read it again.
 */
export class FileWasCut extends Error {
  override name = 'FileWasCut'
}

/** The bytes that an open file had when this was constructed. */
export class FileBytes {
  readonly size: number
  readonly #files: Files
  readonly #fd: number
  /** All of a small file, or the beginning of a large one. */
  readonly #head: Buffer

  constructor(files: Files, fd: number) {
    this.#files = files
    this.#fd = fd
    // A call may read less than there is, so only a call that reads nothing proves the end of the
    // file.
    let length = 0
    for (let count = -1; length < CHUNK && count !== 0; length += count)
      count = files.readSync(fd, scratch, length, CHUNK - length, length)
    this.#head = Buffer.from(scratch.subarray(0, length))
    this.size = length < CHUNK ? length : files.fstatSync(fd).size
  }

  /** @throws FileWasCut */
  slice(start: number, end: number): Buffer {
    return end <= this.#head.length ? this.#head.subarray(start, end) : readAt(this.#files, this.#fd, start, end)
  }
}

/**
 * The bytes of `fd` from `start` to `end`.
 *
 * @throws FileWasCut
 */
export function readAt(files: Files, fd: number, start: number, end: number): Buffer {
  const buffer = Buffer.allocUnsafe(end - start)
  let length = 0
  while (length < buffer.length) {
    const count = files.readSync(fd, buffer, length, buffer.length - length, start + length)
    if (count === 0) throw new FileWasCut('the file became shorter while it was read')
    length += count
  }
  return buffer
}

/** The text of the first line, or `undefined` while it is not complete. */
export function firstLine(bytes: FileBytes): string | undefined {
  for (let length = CHUNK; ; length *= 2) {
    const head = bytes.slice(0, Math.min(length, bytes.size))
    const end = head.indexOf(NEWLINE)
    if (end !== -1) return head.toString('utf8', 0, end)
    if (length >= bytes.size) return undefined
  }
}

/** The text of the newest complete line, if there is one. */
export function lastLine(bytes: FileBytes): string | undefined {
  for (const text of linesBackwards(bytes)) return text
  return undefined
}

/**
 * Yields complete lines, the last one first. It reads no more of the file than its caller takes. An
 * unfinished last line is left out.
 */
export function* linesBackwards(bytes: FileBytes): Generator<string> {
  let start = bytes.size
  /** Bytes that were read and not yet yielded. Once `ended` is set, they end where a line ends. */
  let held: Buffer = Buffer.alloc(0)
  let ended = false
  for (let length = CHUNK; start > 0; length *= 2) {
    const from = Math.max(0, start - length)
    held = Buffer.concat([bytes.slice(from, start), held])
    start = from
    for (let newline = held.lastIndexOf(NEWLINE); newline !== -1; newline = held.lastIndexOf(NEWLINE)) {
      if (ended) yield held.toString('utf8', newline + 1)
      ended = true
      held = held.subarray(0, newline)
    }
  }
  if (ended) yield held.toString('utf8')
}

/** Yields complete lines, the first one first. */
export function* linesOf(bytes: Buffer): Generator<string> {
  let start = 0
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    yield bytes.toString('utf8', start, end)
    start = end + 1
  }
}

/** The number of bytes of the complete lines. Whatever follows them is half a line. */
export function wholeLength(bytes: FileBytes): number {
  let start = bytes.size
  for (let length = CHUNK; start > 0; length *= 2) {
    const from = Math.max(0, start - length)
    const newline = bytes.slice(from, start).lastIndexOf(NEWLINE)
    if (newline !== -1) return from + newline + 1
    start = from
  }
  return 0
}
