import { isOfOpenVisit } from '../record/memory.ts'
import { isFinal, transitionOf, type Memory, type ProcessRecord } from '../record/record.ts'
import { fold, isWithin, parseFirst, parseLine } from './line.ts'
import { isPartial } from './partial.ts'

/** A journal longer than this is compacted, and again when its length has doubled. In bytes. */
export const COMPACT_AT = 8 * 1024 * 1024

/** A line of a journal that a compaction keeps. */
export interface KeptLine {
  /** Where it was, from 0. */
  readonly position: number
  readonly text: string
  readonly isWhole: boolean
}

/**
 * The lines that a compacted journal keeps: the first line, the first line of each step (a fork may
 * start there), lines caused by commands (so that no command is applied twice), the lines in which
 * a step is prepared and done (its input and output), and the newest transition with the progress
 * since; once the process has ended, the one before too. What a step remembers is kept while it
 * runs and for its undo, and what a machine step remembers of a visit as long as that is open. A
 * partial transition becomes a whole one if the one before it is dropped.
 */
export function worthKeeping(lines: Iterable<string>, pid: string, file: string): KeptLine[] {
  const kept: Candidate[] = []
  let newest: Candidate[] = []
  const seen = new Set<string>()
  let record: ProcessRecord | undefined
  let transition = -1
  let position = -1
  for (const text of lines) {
    position += 1
    const line = record === undefined ? parseFirst(text, pid, file) : parseLine(text, pid)
    record = record === undefined ? (line as ProcessRecord) : fold(record, line)
    if (isWithin(line)) {
      newest.push({ position, text, record, isWhole: false, ...('memory' in line && { memory: line.memory }) })
      continue
    }
    const { steps, snapshot } = record
    const begun = Object.keys(steps).filter(step => !seen.has(step))
    for (const step of begun) seen.add(step)
    const isKept = ([name]: Memory): boolean => snapshot.machine === undefined || isOfOpenVisit(name, snapshot)
    // A fork of a process that has failed goes on from the state before.
    newest =
      begun.length > 0 && line.status !== 'undoing'
        ? []
        : newest.filter(({ memory }) => memory?.some(isKept) ?? isFinal(line.status))
    const partial = isPartial(line)
    const candidate = { position, text, record, isWhole: !partial, ...(partial && { follows: transition }) }
    const { type, command } = line.event
    if (position === 0 || begun.length > 0 || type === 'DONE' || type === 'PREPARED' || command !== undefined)
      kept.push(candidate)
    else newest.push({ ...candidate, ...(line.memory && { memory: line.memory }) })
    transition = position
  }
  const all = [...kept, ...newest].toSorted((a, b) => a.position - b.position)
  const positions = new Set(all.map(one => one.position))
  return all.map(one => toKept(one, positions))
}

/** A line that may be kept, with the record after it. */
interface Candidate extends KeptLine {
  readonly record: ProcessRecord
  readonly memory?: readonly Memory[]
  /** Where the transition is that it says the changes of. */
  readonly follows?: number
}

function toKept({ position, text, record, isWhole, follows }: Candidate, kept: ReadonlySet<number>): KeptLine {
  if (follows === undefined || kept.has(follows)) return { position, text, isWhole }
  return { position, text: JSON.stringify(transitionOf(record)), isWhole: true }
}
