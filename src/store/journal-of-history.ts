import { notAPid } from './failures.ts'
import { isPid } from '../record/pid.ts'
import { isFinal, isSubmission, transitionOf } from '../record/record.ts'
import type { JournalLine, ProcessRecord } from '../record/record.ts'
import { isWhole } from '../journal/line.ts'
import { TransitionLines } from '../journal/transition-lines.ts'

/** A journal from another store. */
export interface ImportedJournal {
  readonly first: ProcessRecord
  /** The lines after the first. */
  readonly lines: readonly JournalLine[]
  readonly last: ProcessRecord
  /** The revision of the newest whole transition. */
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
  const transitions = new TransitionLines(transitionOf(first))
  const lines = rest.map(record => toWithin(record) ?? transitions.next(transitionOf(record)))
  return {
    first,
    lines,
    last,
    newest: (lines.findLast(isWhole) ?? first).revision,
    waits: isFinal(last.status) ? undefined : isUntaken ? 'submitted' : 'released',
  }
}

/** The line of a record that no transition has made. */
function toWithin(record: ProcessRecord): JournalLine | undefined {
  const { pid, name, status, revision, at, event, epoch, progress, memory } = record
  if (event.type !== 'PROGRESS' && event.type !== 'REMEMBER') return undefined
  const head = { pid, name, status, revision, at, event, ...(epoch !== undefined && { epoch }) }
  if (memory === undefined) return { ...head, progress: progress ?? {} }
  return { ...head, memory, ...(progress !== undefined && { progress }) }
}
