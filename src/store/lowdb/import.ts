import { makeFolder, removeFile, writeAtomically } from '../../journal/files.ts'
import { Journal } from '../../journal/journal.ts'
import { encodeLine, toFirstLine } from '../../journal/line.ts'
import { hourOf } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { TrailEntries } from '../../record/record.ts'
import type { ImportedJournal } from '../journal-of-history.ts'
import type { Created } from '../store.ts'
import type { Directory } from './directory.ts'
import { placeOf } from './locate.ts'
import { TRAILS } from './paths.ts'

/**
 * See `HostStore.import`. After its first rename the journal is one of this host, which still has
 * to claim its key and to move it: if this host dies on the way, the adopter goes on.
 */
export async function importProcess(
  directory: Directory,
  hostId: string,
  imported: ImportedJournal,
  trails: TrailEntries,
): Promise<Created> {
  const { files, paths, keys, ended, durability } = directory
  const { pid, key } = imported.first
  const { status } = imported.last
  const holder = placeOf(directory, pid) !== undefined ? pid : key === undefined ? undefined : keys.holderOf(key)
  if (holder !== undefined) return { pid: holder, created: false }
  const folder = paths.activeFolder(hostId)
  const file = paths.journal(folder, pid)
  let isClaimed = false
  try {
    for (const trail of TRAILS.filter(one => trails[one].length > 0)) {
      makeFolder(files, paths.trailFolder(trail, hourOf(pid)))
      writeAtomically(files, paths.trail(trail, pid), trails[trail].map(encodeLine).join(''))
    }
    await writeJournal(directory, paths.draft(folder, pid), file, imported)
    const winner = key === undefined ? pid : keys.claim(key, pid, file)
    isClaimed = key !== undefined && winner === pid
    if (winner !== pid) {
      removeFile(files, file)
      for (const trail of TRAILS) removeFile(files, paths.trail(trail, pid))
    } else if (isFinal(status)) {
      const made = ended.add(folder, pid, status)
      await durability.folders(folder, paths.keys, paths.hourFolder(hourOf(pid)), ...made)
    } else {
      const waiting = imported.waits === 'submitted' ? paths.pending : paths.released
      makeFolder(files, waiting)
      files.renameSync(file, paths.journal(waiting, pid))
      await durability.folders(folder, paths.keys, waiting)
    }
    return { pid: winner, created: winner === pid }
  } catch (error) {
    // Once it has claimed its key, others may have been given the process.
    if (!isClaimed) removeFile(files, file)
    throw error
  }
}

async function writeJournal(
  { files, durability }: Directory,
  draft: string,
  file: string,
  { first, lines, last }: ImportedJournal,
): Promise<void> {
  removeFile(files, draft)
  const journal = new Journal<unknown>(draft, { files, expect: 'new' })
  try {
    for (const line of [toFirstLine(first), ...lines]) journal.append(line)
    await durability.line(journal)
  } finally {
    journal.close()
  }
  // `expire` takes the file's time for the time of the process's end.
  files.utimesSync(draft, last.at / 1_000, last.at / 1_000)
  files.renameSync(draft, file)
}
