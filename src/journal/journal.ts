import fs from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Adapter } from 'lowdb'
import { FileBytes, FileWasCut, lastLine, wholeLength } from './file-bytes.ts'
import { FILE_MODE, O_FILE_ONLY, ifThere, mustBeFile, openToRead, writeText } from './files.ts'
import type { Files } from './files.ts'
import { corrupt, readFailed, writeFailed } from './failures.ts'
import { encodeLine } from './line.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = fs.constants

/**
 * Waits between looks at a line that makes no sense, in milliseconds: its owner may be cutting it
 * off just now.
 */
export const LOOK_AGAIN_MS = [1, 4, 15, 30] as const

/** Options of a journal. */
export interface JournalOptions {
  /**
   * For tests that let the file system fail.
   * @internal
   */
  readonly files?: Files
  /**
   * 'new': the first write fails if the file exists. 'existing': it fails if the file does not.
   * Default: it is created if needed.
   */
  readonly expect?: 'new' | 'existing'
}

/**
 * A lowdb adapter that **appends** a line of JSON per write and reads the newest one: a database
 * that keeps every earlier state. A journal has one writer at a time, and any number of readers.
 *
 * A line is written synchronously, and is whole or absent: whatever a failed write left behind is
 * cut off.
 *
 * @example
 * const db = new Low(new Journal<{ visits: number }>('visits.jsonl'), { visits: 0 })
 * await db.read()
 * await db.update(data => { data.visits += 1 })
 */
export class Journal<T> implements Adapter<T> {
  /** Absolute. */
  readonly file: string
  readonly #files: Files
  #flags: number
  #fd: number | undefined
  /** The number of bytes of complete lines. */
  #length = 0
  /** `#length` before the newest line. */
  #before = 0
  #syncing = false
  /** `close` was called during a sync, and takes effect after it. */
  #closing = false
  /** There may be part of a line after `#length`. */
  #torn = false

  constructor(file: string, options: JournalOptions = {}) {
    const { files = fs, expect } = options
    this.file = resolve(file)
    this.#files = files
    this.#flags =
      O_RDWR | O_APPEND | O_FILE_ONLY | (expect === 'existing' ? 0 : O_CREAT) | (expect === 'new' ? O_EXCL : 0)
  }

  /** The length of the file in bytes. Known after the first write. */
  get length(): number {
    return this.#length
  }

  /**
   * @throws ERR_STORE_WRITE, and may then be called again with the same data. A TypeError if the
   * data is no JSON.
   */
  async write(data: T): Promise<void> {
    this.append(data)
  }

  /** As `write`, but synchronous. */
  append(data: T): void {
    this.#closing = false
    this.#append(encodeLine(data))
  }

  /** Several lines in one write: all of them, or none. */
  appendAll(lines: readonly T[]): void {
    this.#closing = false
    if (lines.length > 0) this.#append(lines.map(encodeLine).join(''))
  }

  /**
   * The newest complete line, or null if there is none.
   *
   * @throws ERR_STORE_READ, ERR_STORE_CORRUPT
   */
  async read(): Promise<T | null> {
    for (let look = 0; ; look++) {
      try {
        const line = this.#newestLine()
        return line === undefined ? null : (JSON.parse(line) as T)
      } catch (error) {
        if (!(error instanceof SyntaxError) && !(error instanceof FileWasCut)) throw readFailed(this.file, error)
        const pause = LOOK_AGAIN_MS[look]
        if (pause === undefined) throw corrupt(this.file, error)
        await delay(pause)
      }
    }
  }

  /**
   * Resolves when all lines are on the disk itself. After a failure it is unknown which bytes are,
   * so the newest line is cut off and must be written again.
   *
   * @throws ERR_STORE_WRITE
   */
  async sync(): Promise<void> {
    const fd = this.#fd
    const before = this.#before
    if (fd === undefined) return
    this.#syncing = true
    try {
      await promisify((callback: (error: Error | null) => void) => this.#files.fdatasync(fd, callback))()
    } catch (error) {
      this.#length = before
      this.#torn = true
      this.#cutIfPossible()
      throw writeFailed(this.file, error)
    } finally {
      this.#syncing = false
      if (this.#closing) this.close()
    }
  }

  /** Closes the file, after a sync that is under way. The next write opens it again. */
  close(): void {
    this.#closing = this.#syncing
    if (this.#closing) return
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined) this.#files.closeSync(fd)
  }

  /** Opens the file for writing, and cuts off half a line that a dead writer may have left. */
  #open(): number {
    if (this.#fd !== undefined) return this.#fd
    const fd = this.#files.openSync(this.file, this.#flags, FILE_MODE)
    try {
      if (!this.#torn) this.#measure(fd)
    } catch (error) {
      this.#files.closeSync(fd)
      throw error
    }
    this.#flags &= ~(O_CREAT | O_EXCL)
    this.#fd = fd
    return fd
  }

  #measure(fd: number): void {
    if ((this.#flags & O_EXCL) !== 0) return
    mustBeFile(this.#files, fd)
    const bytes = new FileBytes(this.#files, fd)
    this.#length = wholeLength(bytes)
    this.#torn = this.#length < bytes.size
    this.#cut(fd)
  }

  #append(line: string): void {
    try {
      const fd = this.#open()
      this.#cut(fd)
      this.#torn = true
      const bytes = writeText(this.#files, fd, line)
      this.#torn = false
      this.#before = this.#length
      this.#length += bytes
    } catch (error) {
      this.#cutIfPossible()
      throw writeFailed(this.file, error)
    }
  }

  #cut(fd: number): void {
    if (!this.#torn) return
    this.#files.ftruncateSync(fd, this.#length)
    this.#torn = false
  }

  /** Cuts if it can. If it cannot, readers ignore half a line, and the next write cuts it off. */
  #cutIfPossible(): void {
    try {
      if (this.#fd !== undefined) this.#cut(this.#fd)
    } catch {
      // `#torn` is still set: the next write cuts first, and fails if it cannot.
    }
  }

  #newestLine(): string | undefined {
    const fd = ifThere(() => openToRead(this.#files, this.file))
    if (fd === undefined) return undefined
    try {
      return lastLine(new FileBytes(this.#files, fd))
    } finally {
      this.#files.closeSync(fd)
    }
  }
}
