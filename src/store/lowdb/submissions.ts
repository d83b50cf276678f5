import { StepwrightError } from '../../errors.ts'
import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import { isOfOneJournal, readFailed, writeFailed } from '../../journal/failures.ts'
import { discard, ifThere, makeFolder, openToRead, removeFile, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { adoptionsOf, encodeFirst, parseClaim } from '../../journal/line.ts'
import { newestRecord, settled } from '../../journal/reader.ts'
import { isPid } from '../../record/pid.ts'
import { epochOf } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { notAPid } from '../failures.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { Created } from '../store.ts'
import type { Directory } from './directory.ts'
import { readFirstLine } from './first-line.ts'
import { makeStoreSafe, prepareStore } from './layout.ts'
import { placeOf } from './locate.ts'
import { namesInPieces } from './names.ts'
import { orWriteFailed } from './owned-journals.ts'
import { pidOfDraft, pidOfJournal } from './paths.ts'

/** A draft older than this lost its client between two system calls. In milliseconds. */
const STUCK_MS = 5_000

/** There may be no store yet: a client may submit before the first worker is there. */
export async function prepareToSubmit(directory: Directory): Promise<void> {
  const { files, paths } = directory
  if (await prepareStore(directory)) await makeStoreSafe(directory, true)
  try {
    makeFolder(files, paths.pending)
  } catch (error) {
    throw writeFailed(paths.pending, error)
  }
}

/**
 * See `Store.submit`. A draft is safe before its key is claimed, which is before anybody can see
 * it. Once claimed it stays, whatever fails: others may have been given the process.
 */
export async function submit(directory: Directory, record: ProcessRecord): Promise<Created> {
  const { files, paths, keys, durability } = directory
  const { pid, key } = record
  if (!isPid(pid)) throw notAPid(pid)
  const draft = paths.draft(paths.pending, pid)
  let holder: string | undefined
  try {
    holder = key === undefined ? undefined : keys.holderOf(key)
    if (holder === undefined) {
      writeNew(files, draft, Buffer.from(encodeFirst(record)))
      await durability.file(draft)
      await durability.folders(paths.pending)
      // A host that thought this client dead may have made the draft a submission already, or
      // dropped it for the one that has its key.
      holder = key === undefined ? pid : (ifThere(() => keys.claim(key, pid, draft)) ?? keys.holderOf(key) ?? pid)
      if (holder !== pid) removeFile(files, draft)
    }
  } catch (error) {
    discard(files, draft)
    throw error instanceof StepwrightError ? error : writeFailed(draft, error)
  }
  try {
    // A host may have published the draft, or dropped it as the first half of a dead client's.
    if (!publish(directory, holder) && holder === pid && placeOf(directory, pid) === undefined) {
      throw new Error('a host took it for what a client that died has left, and removed it')
    }
    if (key !== undefined) await durability.folders(paths.keys)
  } catch (error) {
    throw writeFailed(draft, error)
  }
  return { pid: holder, created: holder === pid }
}

/**
 * Lets everybody see a submission. Whoever is given a process by its key does this too: the client
 * of that process may have died, or failed, between its claim and the rename. Returns whether this
 * call did it.
 */
export function publish({ files, paths }: Directory, pid: string): boolean {
  return (
    ifThere(() => (files.renameSync(paths.draft(paths.pending, pid), paths.journal(paths.pending, pid)), true)) ?? false
  )
}

/** See `HostStore.take`. Each journal is taken by a rename that lets exactly one host win. */
export async function* take(
  directory: Directory,
  hostId: string,
  accept: (record: ProcessRecord) => boolean,
  skip: (pid: string) => boolean,
): AsyncGenerator<ProcessRecord> {
  const { files, paths } = directory
  const yieldLoop = createLoopYield()
  for (const name of (await namesInPieces(paths.pending)).toSorted()) {
    const pid = pidOfJournal(name) ?? rescuedFrom(directory, name)
    if (pid === undefined || skip(pid)) continue
    await yieldLoop()
    const file = paths.journal(paths.pending, pid)
    const record = await readSubmission(files, file, pid)
    if (record === undefined || !accept(record)) continue
    try {
      if (ifThere(() => (files.renameSync(file, paths.activeJournal(hostId, pid)), true))) yield record
    } catch (error) {
      throw writeFailed(file, error)
    }
  }
}

/**
 * Returns `undefined` if another host was faster, or if the journal cannot be read, which readers
 * report.
 */
async function readSubmission(files: Files, file: string, pid: string): Promise<ProcessRecord | undefined> {
  let fd: number | undefined
  try {
    fd = ifThere(() => openToRead(files, file))
    if (fd === undefined) return undefined
    const journal = { fd, pid, file }
    return await settled(file, () => {
      const bytes = new FileBytes(files, journal.fd)
      const record = newestRecord(bytes, journal)
      // A host before may have put it back into the queue.
      const epoch = Math.max(adoptionsOf(firstLine(bytes) ?? ''), epochOf(record ?? {}))
      return record && (epoch === 0 ? record : { ...record, epoch })
    })
  } catch (error) {
    const failure = error instanceof StepwrightError ? error : readFailed(file, error)
    if (isOfOneJournal(failure)) return undefined
    throw failure
  } finally {
    if (fd !== undefined) files.closeSync(fd)
  }
}

/**
 * Deals with the draft of a client that was killed. A complete draft becomes a submission, unless
 * another process has its key. An incomplete draft is removed.
 *
 * @returns the pid of the draft; `undefined` if the name is not that of a draft
 */
function rescuedFrom(directory: Directory, name: string): string | undefined {
  const pid = pidOfDraft(name)
  if (pid === undefined) return undefined
  const draft = directory.paths.draft(directory.paths.pending, pid)
  orWriteFailed(draft, () => ifThere(() => rescue(directory, pid, draft)))
  return pid
}

function rescue({ files, paths, keys }: Directory, pid: string, draft: string): void {
  const stat = files.statSync(draft, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || Date.now() - stat.mtimeMs < STUCK_MS) return
  const head = readFirstLine(files, draft)
  const key = head === undefined ? undefined : parseClaim(head)?.key
  const isLost = head === undefined || (key !== undefined && keys.claim(key, pid, draft) !== pid)
  if (isLost) removeFile(files, draft)
  else files.renameSync(draft, paths.journal(paths.pending, pid))
}
