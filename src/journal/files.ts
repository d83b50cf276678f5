import fs from 'node:fs'
import { dirname, basename, join } from 'node:path'
import { isMissing } from '../errors.ts'
import { randomWord } from '../record/random-word.ts'

/**
 * The calls of the file system that a store makes. `node:fs` implements them; tests pass their own,
 * which fail.
 */
export interface Files {
  openSync(path: string, flags: number, mode?: number): number
  closeSync(fd: number): void
  readSync(fd: number, buffer: Buffer, offset: number, length: number, position: number): number
  writeSync(fd: number, buffer: Buffer, offset: number, length: number): number
  fstatSync(fd: number): FileStat
  ftruncateSync(fd: number, length: number): void
  statSync(path: string, options: { throwIfNoEntry: false }): FileStat | undefined
  existsSync(path: string): boolean
  renameSync(from: string, to: string): void
  linkSync(existing: string, link: string): void
  unlinkSync(path: string): void
  utimesSync(path: string, accessedS: number, modifiedS: number): void
  mkdirSync(path: string, options: { recursive: true; mode: number }): unknown
  rmdirSync(path: string): void
  readdirSync(path: string): string[]
  statfsSync(path: string): { readonly type: number }
  fdatasync(fd: number, callback: (error: Error | null) => void): void
  fsync(fd: number, callback: (error: Error | null) => void): void
}

export interface FileStat {
  readonly size: number
  readonly ino: number
  readonly nlink: number
  readonly uid: number
  readonly mtimeMs: number
  isDirectory(): boolean
  isFile(): boolean
}

/** Files and folders are accessible to their owner only. */
export const FILE_MODE = 0o600
export const FOLDER_MODE = 0o700

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = fs.constants
/**
 * Flags with which `open` neither follows a link nor waits for the other end of a pipe. Windows has
 * neither flag.
 */
export const O_FILE_ONLY: number = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/** A folder, link, pipe or device is where a file should be. */
export class NotAFile extends Error {
  override name = 'NotAFile'
}

/** @throws NotAFile */
export function mustBeFile(files: Files, fd: number): void {
  if (!files.fstatSync(fd).isFile()) throw new NotAFile('it is no regular file')
}

/**
 * Opens a regular file for reading. Reading anything else could take forever.
 *
 * @throws NotAFile, whatever the file system throws
 */
export function openToRead(files: Files, file: string): number {
  let fd: number
  try {
    fd = files.openSync(file, O_RDONLY | O_FILE_ONLY)
  } catch (error) {
    // A link, or a socket.
    if (['ELOOP', 'EMLINK', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw new NotAFile('it is no regular file', { cause: error })
    }
    throw error
  }
  try {
    mustBeFile(files, fd)
    return fd
  } catch (error) {
    files.closeSync(fd)
    throw error
  }
}

/** Runs a call of the file system. Returns `undefined` if the file does not exist. */
export function ifThere<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** @returns whether it was there */
export const removeFile = (files: Files, file: string): boolean =>
  ifThere(() => (files.unlinkSync(file), true)) ?? false

/**
 * Removes what a failed write left behind. If that fails too, the failure of the write is the one
 * to report.
 */
export function discard(files: Files, file: string): void {
  try {
    removeFile(files, file)
  } catch {
    // As above.
  }
}

export const makeFolder = (files: Files, folder: string): void =>
  void files.mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })

/**
 * A small file's text.
 *
 * @throws NotAFile, whatever the file system throws
 */
export function readText(files: Files, file: string): string {
  const fd = openToRead(files, file)
  try {
    const buffer = Buffer.alloc(files.fstatSync(fd).size)
    return buffer.toString('utf8', 0, files.readSync(fd, buffer, 0, buffer.length, 0))
  } finally {
    files.closeSync(fd)
  }
}

/**
 * Writes the first `length` bytes at the end of `fd`'s file. A file system may take less than it
 * was given without calling that an error.
 */
export function writeAll(files: Files, fd: number, bytes: Buffer, length = bytes.length): void {
  for (let written = 0; written < length;) {
    const count = files.writeSync(fd, bytes, written, length - written)
    if (count === 0) throw new Error(`only ${written} of ${length} bytes could be written`)
    written += count
  }
}

/** A buffer shared by all short texts: each is written before the next one is encoded. */
const SCRATCH = Buffer.allocUnsafeSlow(64 * 1024)
/** The most bytes of UTF-8 per unit of UTF-16. */
const MAX_BYTES = 3

/** Writes a text at the end of `fd`'s file. @returns its length in bytes */
export function writeText(files: Files, fd: number, text: string): number {
  const isShort = text.length * MAX_BYTES <= SCRATCH.length
  const bytes = isShort ? SCRATCH : Buffer.from(text)
  const length = isShort ? SCRATCH.write(text) : bytes.length
  writeAll(files, fd, bytes, length)
  return length
}

/** Writes a complete file that must not exist yet. A failure leaves no file behind. */
export function writeNew(files: Files, file: string, bytes: Buffer): void {
  const fd = files.openSync(file, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE)
  try {
    writeAll(files, fd, bytes)
  } catch (error) {
    discard(files, file)
    throw error
  } finally {
    files.closeSync(fd)
  }
}

/** The name of a draft, which is written before it replaces a file. */
export const draftOf = (file: string): string => join(dirname(file), `.${basename(file)}.${randomWord()}`)

/** Creates or replaces a file, so that readers never see half of it. */
export function writeAtomically(files: Files, file: string, text: string): void {
  const draft = draftOf(file)
  writeNew(files, draft, Buffer.from(text))
  try {
    files.renameSync(draft, file)
  } catch (error) {
    discard(files, draft)
    throw error
  }
}
