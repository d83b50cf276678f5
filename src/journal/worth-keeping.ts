import { isOfOpenVisit } from '../record/memory.ts'
import { isFinal, type Memory } from '../record/record.ts'
import { isWithin, parseFirst, parseLine } from './line.ts'

/** A journal longer than this is compacted, and again when its length has doubled. In bytes. */
export const COMPACT_AT = 8 * 1024 * 1024

/**
 * The positions of the lines that a compacted journal keeps: the first line, the first line of each
 * step (a fork may start there), lines caused by commands (so that no command is applied twice),
 * the line in which each step is done (its output), and the newest transition with the progress
 * since; once the process has ended, the one before too. What a step remembers is kept while it
 * runs and for its undo, and what a machine step remembers of a visit as long as that is open.
 */
export function worthKeeping(lines: Iterable<string>, pid: string, file: string): number[] {
  const kept: number[] = []
  let newest: { readonly position: number; readonly memory?: readonly Memory[] }[] = []
  const seen = new Set<string>()
  let position = -1
  for (const text of lines) {
    position += 1
    const line = position === 0 ? parseFirst(text, pid, file) : parseLine(text, pid)
    if (isWithin(line)) {
      newest.push({ position, ...('memory' in line && { memory: line.memory }) })
      continue
    }
    const begun = Object.keys(line.steps).filter(step => !seen.has(step))
    for (const step of begun) seen.add(step)
    // A fork of a process that has failed goes on from the state before.
    const isKept = ([name]: Memory): boolean =>
      line.snapshot.machine === undefined || isOfOpenVisit(name, line.snapshot)
    newest =
      begun.length > 0 && line.status !== 'undoing'
        ? []
        : newest.filter(({ memory }) => memory?.some(isKept) ?? isFinal(line.status))
    const { type, command } = line.event
    if (position === 0 || begun.length > 0 || type === 'DONE' || command !== undefined) kept.push(position)
    else newest.push({ position, ...(line.memory && { memory: line.memory }) })
  }
  return [...kept, ...newest.map(one => one.position)].toSorted((a, b) => a - b)
}
