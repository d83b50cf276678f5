import { orReadFailed } from '../../journal/failures.ts'
import { settled } from '../../journal/reader.ts'
import { JournalTail } from '../../journal/tail.ts'
import type { StoredProcess } from '../../record/host.ts'
import { isPid } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { unknownProcess } from '../failures.ts'
import type { Directory } from './directory.ts'
import { FileWatcher } from './file-watcher.ts'
import { locate, placeOf } from './locate.ts'
import type { Located } from './locate.ts'
import type { Place } from './paths.ts'
import { mustNotHaveEnded } from './reader.ts'
import type { Reader } from './reader.ts'

const POLL_MS = 50

/**
 * See `Store.follow`. One file is followed wherever it moves, since a rename keeps it. When it has
 * no name any more, the process was deleted, or its journal was compacted and goes on in another
 * file. What that file has of revisions not seen yet is told; what a second compaction has dropped
 * meanwhile is in no file any more, and was not worth keeping.
 */
export async function* follow(
  directory: Directory,
  reader: Reader,
  pid: string,
  signal: AbortSignal,
): AsyncGenerator<StoredProcess> {
  let revision: number | undefined
  while (!signal.aborted) {
    const journal = isPid(pid) ? locate(directory, pid) : undefined
    if (journal === undefined) throw unknownProcess(pid, directory.paths.root)
    for await (const found of followFile(directory, reader, journal, revision, signal)) {
      revision = found.record.revision
      yield found
      if (isFinal(found.record.status)) return
    }
  }
}

/**
 * The records newer than a revision, or from the newest one on. Ends when the file has no name any
 * more.
 */
async function* followFile(
  directory: Directory,
  reader: Reader,
  journal: Located,
  since: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<StoredProcess> {
  const { files, paths } = directory
  const tail = new JournalTail(files, journal, since)
  const watcher = new FileWatcher(journal.file, signal)
  try {
    for (let begun = since !== undefined; ; begun = true) {
      // Asked before reading: what was written before the name went away is read first.
      const named = await settled(journal.file, () => files.fstatSync(journal.fd).nlink > 0)
      const records = await tail.read()
      if (!begun && records.length === 0) {
        mustNotHaveEnded(journal)
        throw unknownProcess(journal.pid, paths.root)
      }
      for (const record of records) {
        if (signal.aborted) return
        yield await withOwner(directory, reader, journal, record)
      }
      if (!named || signal.aborted) return
      await watcher.wait(POLL_MS)
      if (signal.aborted) return
    }
  } finally {
    watcher.close()
    files.closeSync(journal.fd)
  }
}

async function withOwner(
  directory: Directory,
  reader: Reader,
  journal: Located,
  record: ProcessRecord,
): Promise<StoredProcess> {
  const host = isFinal(record.status) ? undefined : await reader.ownerOf(placeNow(directory, journal), record)
  return host === undefined ? { record } : { record, host }
}

function placeNow(directory: Directory, { file, pid, place }: Located): Place {
  const stat = orReadFailed(file, () => directory.files.statSync(file, { throwIfNoEntry: false }))
  if (stat !== undefined) return place
  return placeOf(directory, pid)?.place ?? place
}
