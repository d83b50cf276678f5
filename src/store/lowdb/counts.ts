import { isOfOneJournal } from '../../journal/failures.ts'
import { noCounts } from '../../record/record.ts'
import type { ProcessStatus, StatusCounts } from '../../record/record.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { Directory } from './directory.ts'
import { endedNames, liveJournals } from './names.ts'
import type { NamedJournal } from './names.ts'
import { hoursIn, parseEndedName } from './paths.ts'

/**
 * See `Store.counts`. The names of ended journals have the status. Of live ones the newest record
 * is read.
 *
 * @param statusNow the status of a live process, or `undefined` if its journal makes no sense at
 * the moment or does not exist any more
 * @param statusOf the status at a second look, or `undefined` if the process is gone
 */
export async function counts(
  { files, paths }: Directory,
  statusNow: (journal: NamedJournal) => ProcessStatus | undefined,
  statusOf: (journal: NamedJournal) => Promise<ProcessStatus | undefined>,
): Promise<StatusCounts> {
  const found = noCounts()
  const yieldLoop = createLoopYield()
  // Live ones are named before ended ones: a journal that moves on meanwhile is met where it went.
  const live = liveJournals(files, paths)
  for (const hour of hoursIn(files, paths)) {
    for (const name of await endedNames(paths.hourFolder(hour))) {
      const turn = yieldLoop()
      if (turn !== undefined) await turn
      const ended = parseEndedName(name)
      if (ended === undefined) continue
      found[ended.status] += 1
      live.delete(ended.pid)
    }
  }
  for (const journal of live.values()) {
    const turn = yieldLoop()
    if (turn !== undefined) await turn
    try {
      const status = statusNow(journal) ?? (await statusOf(journal))
      if (status !== undefined) found[status] += 1
    } catch (error) {
      if (!isOfOneJournal(error)) throw error
    }
  }
  return found
}
