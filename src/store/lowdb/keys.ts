import fs from 'node:fs'
import { FileBytes, firstLine } from '../file-bytes.ts'
import { ifThere, randomWord, removeFile } from '../files.ts'
import type { Files } from '../files.ts'
import { corrupt } from '../failures.ts'
import { parseClaim } from '../line.ts'
import type { Folders } from './folders.ts'

/** Claims that are freed under our hands more often than this are a fault, not a race. */
const MAX_ATTEMPTS = 100

interface Claim {
  readonly pid: string | undefined
  readonly ino: number
  /** The journal has a name too: it is there. */
  readonly isHeld: boolean
  /** The key is there, and its journal is not. */
  readonly isStale: boolean
}

/**
 * Idempotency keys. A key is a second name (a hard link) of the journal that has it: made exclusively, and with its content at once. It is
 * taken away only by whoever took the journal away first (see `removeEnded`), so no claim is ever lifted under a new one.
 */
export class Keys {
  readonly #files: Files
  readonly #folders: Folders

  constructor(files: Files, folders: Folders) {
    this.#files = files
    this.#folders = folders
  }

  /** The pid that has the key, if one has it. */
  holderOf(key: string): string | undefined {
    const claim = this.#read(this.#folders.keyFile(key))
    return claim?.isHeld ? claim.pid : undefined
  }

  /**
   * Claims a key for a journal whose first line is whole. Returns the pid that has it then: `pid`, or who was faster.
   *
   * @throws ERR_STORE_CORRUPT, and whatever the file system throws
   */
  claim(key: string, pid: string, journal: string): string {
    const file = this.#folders.keyFile(key)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (this.#link(journal, file)) return pid
      const claim = this.#read(file)
      if (claim === undefined) continue
      if (claim.pid === pid) {
        if (claim.ino !== this.#inodeOf(journal)) this.move(key, journal)
        return pid
      }
      if (claim.isStale) this.#dropStale(file)
      if (!claim.isHeld) continue
      if (claim.pid === undefined) throw corrupt(file, new Error('the journal that has this key has no readable first line'))
      return claim.pid
    }
    throw new Error(`${file} changed ${MAX_ATTEMPTS} times while it was claimed`)
  }

  /** Lets a key that a journal has point to the file which takes that journal's place. */
  move(key: string, journal: string): void {
    const file = this.#folders.keyFile(key)
    const draft = `${file}.${randomWord()}`
    this.#files.linkSync(journal, draft)
    this.#files.renameSync(draft, file)
  }

  /** Frees the key of a journal that its caller alone holds. */
  free(key: string, journal: string): void {
    const file = this.#folders.keyFile(key)
    if (this.#inodeOf(file) === this.#inodeOf(journal)) removeFile(this.#files, file)
  }

  /** Frees a key if its journal is gone: somebody removed the file by hand, or the machine lost power. */
  freeIfStale(name: string): void {
    const file = `${this.#folders.keys}/${name}`
    if (this.#files.statSync(file, { throwIfNoEntry: false })?.nlink === 1) this.#dropStale(file)
  }

  /** Taken aside first: of those who saw the same stale key, one drops it, and a claim made meanwhile is put back. */
  #dropStale(file: string): void {
    const aside = `${file}.${randomWord()}`
    if (ifThere(() => (this.#files.renameSync(file, aside), true)) === undefined) return
    if ((this.#files.statSync(aside, { throwIfNoEntry: false })?.nlink ?? 0) > 1) this.#link(aside, file)
    removeFile(this.#files, aside)
  }

  /** @returns false if the key is taken */
  #link(journal: string, file: string): boolean {
    try {
      this.#files.linkSync(journal, file)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  #read(file: string): Claim | undefined {
    const fd = ifThere(() => this.#files.openSync(file, fs.constants.O_RDONLY))
    if (fd === undefined) return undefined
    try {
      const head = firstLine(new FileBytes(this.#files, fd))
      const { nlink, ino } = this.#files.fstatSync(fd)
      // Who removes a journal frees its key first: between the two the file has one name, but that is not the key's any more. Nothing else
      // has this inode as long as the file is open.
      const isStale = nlink === 1 && this.#inodeOf(file) === ino
      return { pid: head === undefined ? undefined : parseClaim(head)?.pid, ino, isHeld: nlink > 1, isStale }
    } finally {
      this.#files.closeSync(fd)
    }
  }

  #inodeOf(file: string): number | undefined {
    return this.#files.statSync(file, { throwIfNoEntry: false })?.ino
  }
}
