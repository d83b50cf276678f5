import { isOfOneJournal } from '../../journal/failures.ts'
import { noCounts } from '../../record/record.ts'
import type { ProcessStatus, StatusCounts } from '../../record/record.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { Directory } from './directory.ts'
import { endedNames, liveJournals } from './names.ts'
import type { NamedJournal } from './names.ts'
import { hoursIn, parseEndedName } from './paths.ts'

/**
 * See `Store.counts`. The names of ended journals say their status; of live ones the newest record has to be read.
 *
 * @param statusNow of a live one; `undefined`: it makes no sense just now, or is there no longer
 * @param statusOf after a second look; `undefined`: it is gone
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
