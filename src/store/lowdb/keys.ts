import fs from 'node:fs'
import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import { NotAFile, O_FILE_ONLY, draftOf, ifThere, openToRead, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { corrupt } from '../../journal/failures.ts'
import { parseClaim } from '../../journal/line.ts'
import { namesIn } from './paths.ts'
import type { Paths } from './paths.ts'

/** A claim that is freed more often than this while a host looks at it is a fault, not a race. */
const MAX_ATTEMPTS = 100

/** What the file of a key says. */
interface Claim {
  readonly pid: string | undefined
  readonly ino: number
  /** The journal has a name of its own too, so it is there. */
  readonly isHeld: boolean
  /** The key is there; its journal is not, and never will be. */
  readonly isStale: boolean
}

/** A key's name, or that of one of its further slots. */
const SLOT = /^[\da-f]{64}(?:\.\d{1,3})?$/

/**
 * Idempotency keys. A key is a second name (a hard link) of the journal that has it: made
 * exclusively, and with its content at once. Only the host that took the journal away first may
 * unlink its key (see `EndedJournals.delete`), so no claim is ever lifted under a new one.
 *
 * A journal may be lost all the same: removed by hand, or with the power. Its claim is stale then,
 * and stays for good. Never unlink a key that looks stale: between the check and the unlink another
 * process may have claimed it. The key goes on in its next slot (`<hash>.1`), which is claimed by
 * the same exclusive link.
 */
export class Keys {
  readonly #files: Files
  readonly #paths: Paths

  constructor(files: Files, paths: Paths) {
    this.#files = files
    this.#paths = paths
  }

  /** The pid that has the key, if one has it. */
  holderOf(key: string): string | undefined {
    const { claim } = this.#find(key)
    return claim?.isHeld ? claim.pid : undefined
  }

  /**
   * Claims a key for a journal whose first line is whole. Returns the pid that has it then: `pid`,
   * or that of a process that was faster.
   *
   * @throws ERR_STORE_CORRUPT, and whatever the file system throws
   */
  claim(key: string, pid: string, journal: string): string {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { file, claim } = this.#find(key)
      if (claim === undefined) {
        if (this.#link(journal, file)) return pid
        continue
      }
      if (claim.pid === pid) {
        if (claim.ino !== this.#inodeOf(journal)) this.#replace(file, journal)
        return pid
      }
      if (!claim.isHeld) continue
      if (claim.pid === undefined)
        throw corrupt(file, new Error('the journal that has this key has no readable first line'))
      return claim.pid
    }
    throw new Error(`${this.#paths.key(key)} changed ${MAX_ATTEMPTS} times while it was claimed`)
  }

  /** Points the key of a process to the file which takes its journal's place. */
  move(key: string, pid: string, journal: string): void {
    const { file, claim } = this.#find(key)
    if (claim?.pid === pid) this.#replace(file, journal)
  }

  /** Frees the key of a journal that its caller alone holds. */
  free(key: string, journal: string): void {
    const file = this.#nameOf(key, journal)
    if (file !== undefined) removeFile(this.#files, file)
  }

  /** Frees every key of a file that its caller alone holds, whatever its content. */
  freeAll(file: string): void {
    const ino = this.#inodeOf(file)
    if (ino === undefined) return
    for (const name of namesIn(this.#files, this.#paths.keys)) {
      const key = this.#paths.found(this.#paths.keys, name)
      if (this.#inodeOf(key) === ino) removeFile(this.#files, key)
    }
  }

  /** The keys whose files are no regular files, and what is wrong with each. */
  damages(): { readonly name: string; readonly error: Error }[] {
    return namesIn(this.#files, this.#paths.keys).flatMap(name => {
      try {
        if (SLOT.test(name)) this.#read(this.#paths.found(this.#paths.keys, name))
        return []
      } catch (error) {
        return [{ name, error: error as Error }]
      }
    })
  }

  /** Whether a key points to this very file, and not to another one of the same journal. */
  isOf(key: string, file: string): boolean {
    return this.#nameOf(key, file) !== undefined
  }

  /** Empties the file of a claim whose journal is gone. The name stays. */
  shrinkIfStale(name: string): void {
    if (!SLOT.test(name)) return
    const file = this.#paths.found(this.#paths.keys, name)
    const stat = this.#files.statSync(file, { throwIfNoEntry: false })
    if (stat === undefined || stat.nlink > 1 || stat.size === 0) return
    const fd = ifThere(() => this.#files.openSync(file, fs.constants.O_WRONLY | O_FILE_ONLY))
    if (fd === undefined) return
    try {
      const { nlink, ino } = this.#files.fstatSync(fd)
      if (nlink === 1 && this.#inodeOf(file) === ino) this.#files.ftruncateSync(fd, 0)
    } finally {
      this.#files.closeSync(fd)
    }
  }

  /** The first slot of a key whose claim is not stale, and that claim if there is one. */
  #find(key: string): { readonly file: string; readonly claim: Claim | undefined } {
    for (let slot = 0; ; slot++) {
      const file = this.#paths.key(key, slot)
      const claim = this.#read(file)
      if (!claim?.isStale) return { file, claim }
    }
  }

  #nameOf(key: string, journal: string): string | undefined {
    const ino = this.#inodeOf(journal)
    for (let slot = 0; ; slot++) {
      const file = this.#paths.key(key, slot)
      const found = this.#inodeOf(file)
      if (found === undefined) return undefined
      if (found === ino) return file
    }
  }

  #replace(file: string, journal: string): void {
    const draft = draftOf(file)
    this.#files.linkSync(journal, draft)
    this.#files.renameSync(draft, file)
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
    const fd = this.#open(file)
    if (fd === undefined) return undefined
    try {
      const head = firstLine(new FileBytes(this.#files, fd))
      const { nlink, ino } = this.#files.fstatSync(fd)
      // Whoever deletes a journal frees its key first: in between, the file's one name is not the
      // key's any more. No other file gets this inode while the file is open.
      const isStale = nlink === 1 && this.#inodeOf(file) === ino
      return { pid: head === undefined ? undefined : parseClaim(head)?.pid, ino, isHeld: nlink > 1, isStale }
    } finally {
      this.#files.closeSync(fd)
    }
  }

  #open(file: string): number | undefined {
    try {
      return ifThere(() => openToRead(this.#files, file))
    } catch (error) {
      throw error instanceof NotAFile ? corrupt(file, error) : error
    }
  }

  #inodeOf(file: string): number | undefined {
    return this.#files.statSync(file, { throwIfNoEntry: false })?.ino
  }
}
