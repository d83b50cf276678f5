import { isOfOneJournal } from '../../journal/failures.ts'
import type { LineHead } from '../../journal/line.ts'
import { noCounts } from '../../record/record.ts'
import type { NameCount, StatusCounts } from '../../record/record.ts'
import { createLoopYield } from '../loop-yield.ts'
import { Tally } from '../tally.ts'
import type { Directory } from './directory.ts'
import { endedNames, liveJournals } from './names.ts'
import type { NamedJournal } from './names.ts'
import { hoursIn, parseEndedName } from './paths.ts'

/** Reads the head of the newest line; `undefined` if the process does not exist any more. */
type ReadHead = (journal: NamedJournal) => LineHead | undefined | Promise<LineHead | undefined>

/**
 * See `Store.counts`. The names of ended journals have the status. Of live ones the newest line is
 * read.
 */
export async function countByStatus(directory: Directory, readHead: ReadHead): Promise<StatusCounts> {
  const found = noCounts()
  await visitAll(directory, journal => {
    if (journal.place.kind === 'ended') found[journal.place.status] += 1
    else return withHead(journal, readHead, ({ status }) => void (found[status] += 1))
  })
  return found
}

/**
 * See `Store.countsByName`. The newest line of every journal is read, except those of ended
 * processes whose names are `known` by pid. Returns the names for the next time.
 */
export async function countByName(
  directory: Directory,
  readHead: ReadHead,
  known: ReadonlyMap<string, string>,
): Promise<{ readonly counts: NameCount[]; readonly names: ReadonlyMap<string, string> }> {
  const tally = new Tally()
  const names = new Map<string, string>()
  await visitAll(directory, journal => {
    const { pid, place } = journal
    if (place.kind !== 'ended') return withHead(journal, readHead, ({ name, status }) => tally.add(name, status, pid))
    const add = (name: string): void => {
      names.set(pid, name)
      tally.add(name, place.status, pid)
    }
    const name = known.get(pid)
    if (name === undefined) return withHead(journal, readHead, head => add(head.name))
    add(name)
  })
  return { counts: tally.counts(), names }
}

/** Calls `visit` once for every process. */
async function visitAll(
  { files, paths }: Directory,
  visit: (journal: NamedJournal) => Promise<void> | undefined | void,
): Promise<void> {
  const yieldLoop = createLoopYield()
  // A promise for each of a hundred thousand ended ones would cost more than their names.
  const visitInTurn = (journal: NamedJournal): Promise<void> | undefined | void => {
    const turn = yieldLoop()
    return turn === undefined ? visit(journal) : turn.then(() => visit(journal))
  }
  // Live ones are named before ended ones: a journal that moves on meanwhile is met where it went.
  const live = await liveJournals(files, paths)
  for (const hour of hoursIn(files, paths)) {
    for (const name of await endedNames(paths.hourFolder(hour))) {
      const ended = parseEndedName(name)
      if (ended === undefined) continue
      live.delete(ended.pid)
      const visited = visitInTurn({ pid: ended.pid, place: { kind: 'ended', status: ended.status } })
      if (visited !== undefined) await visited
    }
  }
  for (const journal of live.values()) await visitInTurn(journal)
}

/** Corrupt journals are left out. */
async function withHead(journal: NamedJournal, readHead: ReadHead, use: (head: LineHead) => void): Promise<void> {
  try {
    const head = await readHead(journal)
    if (head !== undefined) use(head)
  } catch (error) {
    if (!isOfOneJournal(error)) throw error
  }
}
