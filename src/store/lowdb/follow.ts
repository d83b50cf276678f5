import { orReadFailed } from '../../journal/failures.ts'
import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import { adoptionsOf } from '../../journal/line.ts'
import { newestRecord, settled } from '../../journal/reader.ts'
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
import { RELEASED } from './paths.ts'
import type { Place } from './paths.ts'
import { mustNotHaveEnded } from './reader.ts'
import type { Reader } from './reader.ts'

const POLL_MS = 50
/** An end that its host has not made safe after so long may have lost its host. In milliseconds. */
const UNSAFE_MS = 1_000

/**
 * See `Store.follow`. A file is followed as long as it has the name it was opened by, and then the
 * journal is looked for again: its process has ended or changed hands, or it was compacted and goes
 * on in another file. What a second compaction has dropped meanwhile is in no file any more, and
 * was not worth keeping.
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
 * The records newer than a revision, or from the newest one on. Ends when the file has lost its
 * name.
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
      const records = await tail.read()
      // The fence: a line counts if its journal still has this name after the line was written.
      const isHere = isNamed(directory, journal, journal.file)
      // Not seen yet is what was written before the name was lost.
      if (!isHere) records.push(...(await tail.read()))
      if (!begun && records.length === 0) {
        mustNotHaveEnded(journal)
        throw unknownProcess(journal.pid, paths.root)
      }
      if (!isHere && records.length > 0 && (await wasTaken(directory, journal, watcher, signal))) return
      if (isHere && !(await isSafe(directory, journal, records.at(-1), watcher, signal))) return
      for (const record of records) {
        if (signal.aborted) return
        yield await withOwner(directory, reader, journal, record)
      }
      if (!isHere || signal.aborted) return
      await watcher.wait(POLL_MS)
      if (signal.aborted) return
    }
  } finally {
    watcher.close()
    files.closeSync(journal.fd)
  }
}

const isNamed = ({ files }: Directory, { fd }: Located, file: string): boolean =>
  orReadFailed(file, () => files.statSync(file, { throwIfNoEntry: false })?.ino === files.fstatSync(fd).ino)

/**
 * Waits for an end to be safe, and its journal among the ended ones. A host that cannot make it
 * safe cuts it off, and writes it again; one that has died there leaves it as it is.
 *
 * @returns false if it was cut off, or does not count
 */
async function isSafe(
  directory: Directory,
  journal: Located,
  newest: ProcessRecord | undefined,
  watcher: FileWatcher,
  signal: AbortSignal,
): Promise<boolean> {
  if (newest === undefined || !isFinal(newest.status) || journal.place.kind !== 'active') return true
  for (let waitedMs = 0; waitedMs < UNSAFE_MS && isNamed(directory, journal, journal.file); waitedMs += POLL_MS)
    await watcher.wait(POLL_MS)
  // It was with whoever has taken it and was about to copy it: the end may be its last host's.
  if (!isNamed(directory, journal, journal.file) && (await wasTaken(directory, journal, watcher, signal))) return false
  const now = await settled(journal.file, () => newestRecord(new FileBytes(directory.files, journal.fd), journal))
  return now?.revision === newest.revision
}

/**
 * Whether a journal that has lost its name was taken from its host: the file that goes on has all
 * of its lines that count, and in this one there may be others.
 */
async function wasTaken(
  directory: Directory,
  journal: Located,
  watcher: FileWatcher,
  signal: AbortSignal,
): Promise<boolean> {
  for (; !signal.aborted; await watcher.wait(POLL_MS)) {
    const next = locate(directory, journal.pid)
    if (next === undefined) return false
    try {
      const { kind } = next.place
      const isSame = isNamed(directory, journal, next.file)
      const isWithOther = kind === 'active' && next.file !== journal.file
      // Whoever adopts a journal copies it next; one of the queue goes on as it is.
      if (isSame && isWithOther && !isReleased(next.place) && journal.place.kind !== 'pending') continue
      if (isSame) return false
      return isWithOther || kind === 'pending' || adoptions(directory, next) !== adoptions(directory, journal)
    } finally {
      directory.files.closeSync(next.fd)
    }
  }
  return true
}

const isReleased = (place: Place): boolean => place.kind === 'active' && place.owner === RELEASED

const adoptions = ({ files }: Directory, { fd }: Located): number =>
  adoptionsOf(firstLine(new FileBytes(files, fd)) ?? '{}')

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
