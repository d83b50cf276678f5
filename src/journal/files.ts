import fs from 'node:fs'
import { dirname, basename, join } from 'node:path'
import { isMissing } from '../errors.ts'
import { randomWord } from '../record/random-word.ts'

/** The few calls a store makes of the file system, so that a test can let them fail. `node:fs` is one. */
export interface Files {
  openSync(path: string, flags: number, mode?: number): number
  closeSync(fd: number): void
  readSync(fd: number, buffer: Buffer, offset: number, length: number, position: number): number
  writeSync(fd: number, buffer: Buffer, offset: number, length: number): number
  fstatSync(fd: number): FileStat
  ftruncateSync(fd: number, length: number): void
  statSync(path: string, options: { throwIfNoEntry: false }): FileStat | undefined
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
}

/** Both keep everybody but the owner out. */
export const FILE_MODE = 0o600
export const FOLDER_MODE = 0o700

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = fs.constants

/** Runs a call on the file system; `undefined` when what it is about is not there. */
export function ifThere<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** @returns whether it was there */
export const removeFile = (files: Files, file: string): boolean => ifThere(() => (files.unlinkSync(file), true)) ?? false

export const makeFolder = (files: Files, folder: string): void => void files.mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })

/** A small file's text. */
export function readText(files: Files, file: string): string {
  const fd = files.openSync(file, O_RDONLY)
  try {
    const buffer = Buffer.alloc(files.fstatSync(fd).size)
    return buffer.toString('utf8', 0, files.readSync(fd, buffer, 0, buffer.length, 0))
  } finally {
    files.closeSync(fd)
  }
}

/** Writes all of `bytes` at the end of `fd`'s file. A file system may take less than it was given without calling that an error. */
export function writeAll(files: Files, fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) {
    const count = files.writeSync(fd, bytes, written, bytes.length - written)
    if (count === 0) throw new Error(`only ${written} of ${bytes.length} bytes could be written`)
    written += count
  }
}

/** Writes a whole file that must not be there yet; a failure leaves none. */
export function writeNew(files: Files, file: string, bytes: Buffer): void {
  const fd = files.openSync(file, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE)
  try {
    writeAll(files, fd, bytes)
  } catch (error) {
    removeFile(files, file)
    throw error
  } finally {
    files.closeSync(fd)
  }
}

/** What is written before it takes a file's place. */
export const draftOf = (file: string): string => join(dirname(file), `.${basename(file)}.${randomWord()}`)

/** Replaces a file, or makes it, so that nobody ever sees half of it. */
export function writeAtomically(files: Files, file: string, text: string): void {
  const draft = draftOf(file)
  writeNew(files, draft, Buffer.from(text))
  try {
    files.renameSync(draft, file)
  } catch (error) {
    removeFile(files, draft)
    throw error
  }
}
