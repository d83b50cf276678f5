import { notAPid } from './failures.ts'
import { isPid } from '../record/pid.ts'
import { identityOf, isFinal, isSubmission } from '../record/record.ts'
import type { JournalLine, ProcessRecord } from '../record/record.ts'

/** A journal from another store. */
export interface ImportedJournal {
  readonly first: ProcessRecord
  /** The lines after the first. */
  readonly lines: readonly JournalLine[]
  readonly last: ProcessRecord
  /** The revision of the newest transition. */
  readonly newest: number
  /** What a process that has not ended waits for: to be adopted, or to be taken. */
  readonly waits: 'released' | 'submitted' | undefined
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
  // Nobody has written to it: it was taken by no host, or let go before anything was done.
  const isUntaken = last === first && (isSubmission(first) || first.forkedFrom !== undefined)
  return {
    first,
    lines: rest.map(toLine),
    last,
    newest: (history.findLast(record => !isOfWithin(record)) ?? first).revision,
    waits: isFinal(last.status) ? undefined : isUntaken ? 'submitted' : 'released',
  }
}

const isOfWithin = ({ event: { type } }: ProcessRecord): boolean => type === 'PROGRESS' || type === 'REMEMBER'

function toLine(record: ProcessRecord): JournalLine {
  if (isOfWithin(record)) {
    const { pid, name, status, revision, at, event, epoch, progress, memory } = record
    const head = { pid, name, status, revision, at, event, ...(epoch !== undefined && { epoch }) }
    if (memory === undefined) return { ...head, progress: progress ?? {} }
    return { ...head, memory, ...(progress !== undefined && { progress }) }
  }
  const identity = new Set(Object.keys(identityOf(record)))
  return Object.fromEntries(Object.entries(record).filter(([key]) => !identity.has(key))) as unknown as JournalLine
}
