import { FileBytes, linesOf, readAt, wholeLength } from './file-bytes.ts'
import type { Files } from './files.ts'
import { newestRecord, settled } from './journal-reader.ts'
import type { OpenJournal } from './journal-reader.ts'
import { fold, parseLine } from './line.ts'
import type { ProcessRecord } from './record.ts'

/** Reads a journal as it grows, each line once. */
export class JournalTail {
  readonly journal: OpenJournal
  readonly #files: Files
  #record: ProcessRecord | undefined
  /** Where the next line begins. */
  #position = 0

  constructor(files: Files, journal: OpenJournal) {
    this.#files = files
    this.journal = journal
  }

  /** The records written since the last call, oldest first; on the first call only the newest. */
  read(): Promise<ProcessRecord[]> {
    return settled(this.journal.file, () => this.#readNow())
  }

  #readNow(): ProcessRecord[] {
    const { fd, pid } = this.journal
    const { size } = this.#files.fstatSync(fd)
    if (this.#record === undefined || size < this.#position) return this.#begin()
    if (size === this.#position) return []
    const bytes = readAt(this.#files, fd, this.#position, size)
    const records: ProcessRecord[] = []
    let record = this.#record
    for (const text of linesOf(bytes)) records.push((record = fold(record, parseLine(text, pid))))
    this.#record = record
    this.#position += bytes.lastIndexOf('\n') + 1
    return records
  }

  #begin(): ProcessRecord[] {
    const bytes = new FileBytes(this.#files, this.journal.fd)
    const record = newestRecord(bytes, this.journal)
    if (record === undefined) return []
    this.#record = record
    this.#position = wholeLength(bytes)
    return [record]
  }
}
