import { notAPid } from './failures.ts'
import { isPid } from '../record/pid.ts'
import { isFinal } from '../record/record.ts'
import type { JournalLine, ProcessRecord } from '../record/record.ts'

/** A journal from another store. */
export interface ImportedJournal {
  readonly first: ProcessRecord
  /** The lines after the first. */
  readonly lines: readonly JournalLine[]
  /** The end of the process. */
  readonly last: ProcessRecord
}

/**
 * The journal with these records after each of its lines: the reverse of `fold`.
 *
 * @throws TypeError
 */
export function journalOf(history: readonly ProcessRecord[]): ImportedJournal {
  const [first, ...rest] = history
  const last = history.at(-1)
  if (first === undefined || last === undefined) throw new TypeError('A history has a record at least, got none')
  if (!isPid(first.pid)) throw notAPid(first.pid)
  if (!isFinal(last.status))
    throw new TypeError(`Process ${last.pid} is ${last.status}: only a process that has ended can be imported`)
  return { first, lines: rest.map(toLine), last }
}

function toLine(record: ProcessRecord): JournalLine {
  const { version, shape, createdAt, input, outline, key, labels, ...line } = record
  if (line.progress === undefined) return line
  const { pid, name, status, revision, at, event, progress } = line
  return { pid, name, status, revision, at, event, progress }
}
