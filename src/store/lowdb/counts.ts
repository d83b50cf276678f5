import { isOfOneJournal } from '../../journal/failures.ts'
import type { Files } from '../../journal/files.ts'
import { createLoopYield } from '../loop-yield.ts'
import { noCounts } from '../../record/record.ts'
import type { ProcessStatus, StatusCounts } from '../../record/record.ts'
import { hoursIn, parseEndedName } from './folders.ts'
import type { Folders } from './folders.ts'
import { endedNames, liveJournals } from './names.ts'
import type { NamedJournal } from './names.ts'

/**
 * How many processes there are of each status. The names of ended journals say theirs; of live ones the newest record has to be read.
 *
 * @param statusNow of a live one; `undefined`: it makes no sense just now, or is there no longer
 * @param statusOf after a second look; `undefined`: it is gone
 */
export async function counts(
  files: Files,
  folders: Folders,
  statusNow: (journal: NamedJournal) => ProcessStatus | undefined,
  statusOf: (journal: NamedJournal) => Promise<ProcessStatus | undefined>,
): Promise<StatusCounts> {
  const found = noCounts()
  const yieldLoop = createLoopYield()
  // Before what has ended: a journal that moves on meanwhile is met where it went.
  const live = liveJournals(files, folders)
  for (const hour of hoursIn(files, folders)) {
    for (const name of await endedNames(folders.hourFolder(hour))) {
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
