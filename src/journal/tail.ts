import { FileBytes, linesOf, readAt, wholeLength } from './file-bytes.ts'
import type { Files } from './files.ts'
import { everyRecord, newestRecord, settled } from './reader.ts'
import type { OpenJournal } from './reader.ts'
import { fold, parseLine } from './line.ts'
import type { ProcessRecord } from '../record/record.ts'

/** Reads a journal while it grows. Each line is read once. */
export class JournalTail {
  readonly journal: OpenJournal
  readonly #files: Files
  /**
   * The revision of the newest record that was read, from this file or from the one that had the
   * journal before.
   */
  #revision: number | undefined
  #record: ProcessRecord | undefined
  /** Where the next line begins. */
  #position = 0

  /**
   * @param since the first call reads what is newer than this revision; without it, only the newest
   */
  constructor(files: Files, journal: OpenJournal, since?: number) {
    this.#files = files
    this.journal = journal
    this.#revision = since
  }

  /** The records written since the last call, oldest first. */
  read(): Promise<ProcessRecord[]> {
    return settled(this.journal.file, () => this.#readNow())
  }

  #readNow(): ProcessRecord[] {
    const { fd, pid } = this.journal
    const { size } = this.#files.fstatSync(fd)
    if (this.#revision === undefined) return this.#begin()
    // The file is shorter: its writer has cut off a line, and the line that follows may differ.
    if (this.#record === undefined || size < this.#position) return this.#readAll()
    if (size === this.#position) return []
    const bytes = readAt(this.#files, fd, this.#position, size)
    const records: ProcessRecord[] = []
    let record = this.#record
    for (const text of linesOf(bytes)) records.push((record = fold(record, parseLine(text, pid))))
    return this.#read(records, this.#position + bytes.lastIndexOf('\n') + 1)
  }

  #begin(): ProcessRecord[] {
    const bytes = new FileBytes(this.#files, this.journal.fd)
    const record = newestRecord(bytes, this.journal)
    return this.#read(record === undefined ? [] : [record], wholeLength(bytes))
  }

  #readAll(): ProcessRecord[] {
    const bytes = new FileBytes(this.#files, this.journal.fd)
    return this.#read([...everyRecord(bytes, this.journal)], wholeLength(bytes))
  }

  /** Leaves out lines that were read before, cut off and written again. */
  #read(records: readonly ProcessRecord[], position: number): ProcessRecord[] {
    const newest = records.at(-1)
    if (newest === undefined) return []
    const since = this.#revision ?? 0
    this.#record = newest
    this.#revision = Math.max(newest.revision, since)
    this.#position = position
    return records.filter(({ revision }) => revision > since)
  }
}
