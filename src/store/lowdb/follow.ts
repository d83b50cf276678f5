import { unknownProcess } from '../failures.ts'
import type { Files } from '../../journal/files.ts'
import { settled } from '../../journal/reader.ts'
import { JournalTail } from '../../journal/tail.ts'
import { isPid } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { StoredProcess } from '../../record/host.ts'
import type { Folders, Place } from './folders.ts'
import { locate } from './locate.ts'
import type { Located } from './locate.ts'
import type { Reader } from './reader.ts'
import { FileWatcher } from './file-watcher.ts'

const POLL_MS = 50

/**
 * One file is followed, wherever it moves: a rename keeps it. When it has no name any more the process was deleted, or its journal was
 * compacted and goes on in another file. What that has of revisions not seen yet is told; what a second compaction has dropped meanwhile is
 * in no file any more, and was not worth keeping.
 */
export async function* follow(
  files: Files,
  folders: Folders,
  reader: Reader,
  pid: string,
  signal: AbortSignal,
): AsyncGenerator<StoredProcess> {
  let revision: number | undefined
  while (!signal.aborted) {
    const journal = isPid(pid) ? locate(files, folders, pid) : undefined
    if (journal === undefined) throw unknownProcess(pid, folders.root)
    for await (const found of followFile(files, folders, reader, journal, revision, signal)) {
      revision = found.record.revision
      yield found
      if (isFinal(found.record.status)) return
    }
  }
}

/** What is newer than a revision, or from the newest record on. Ends when the file has no name any more. */
async function* followFile(
  files: Files,
  folders: Folders,
  reader: Reader,
  journal: Located,
  since: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<StoredProcess> {
  const tail = new JournalTail(files, journal, since)
  const watcher = new FileWatcher(journal.file, signal)
  try {
    for (let begun = since !== undefined; ; begun = true) {
      // Asked before reading: whatever was written before the name went away is read first.
      const named = await settled(journal.file, () => files.fstatSync(journal.fd).nlink > 0)
      const records = await tail.read()
      if (!begun && records.length === 0) throw unknownProcess(journal.pid, folders.root)
      for (const record of records) {
        if (signal.aborted) return
        yield await withOwner(files, folders, reader, journal, record)
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

async function withOwner(files: Files, folders: Folders, reader: Reader, journal: Located, record: ProcessRecord): Promise<StoredProcess> {
  const host = isFinal(record.status) ? undefined : await reader.ownerOf(placeNow(files, folders, journal), record)
  return host === undefined ? { record } : { record, host }
}

function placeNow(files: Files, folders: Folders, journal: Located): Place {
  if (files.statSync(journal.file, { throwIfNoEntry: false }) !== undefined) return journal.place
  const moved = locate(files, folders, journal.pid)
  if (moved === undefined) return journal.place
  files.closeSync(moved.fd)
  return moved.place
}
