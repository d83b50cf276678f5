import { notAPid } from '../failures.ts'
import fs from 'node:fs'
import { isPid } from '../../record/pid.ts'
import { isOfOneJournal, writeFailed } from '../../journal/failures.ts'
import { FileBytes, firstLine } from '../../journal/file-bytes.ts'
import { ifThere, makeFolder, removeFile, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { newestRecord, settled } from '../../journal/reader.ts'
import { encodeFirst, parseClaim } from '../../journal/line.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { draftName } from './compaction.ts'
import { namesIn, pidsIn } from './folders.ts'
import type { Folders } from './folders.ts'
import type { Keys } from './keys.ts'
import { makeStoreSafe, prepareStore } from './layout.ts'
import type { Durability } from './power.ts'

const DRAFT = /^\.([0-9a-z]{20})\.jsonl$/
/** A draft older than this lost its client between two system calls. */
const STUCK_MS = 5_000

/** What a client submits with. */
export interface Submitter {
  readonly files: Files
  readonly folders: Folders
  readonly keys: Keys
  readonly durability: Durability
}

/**
 * Puts a process that waits for a host into the store. Its draft is safe before its key is claimed, which is before anybody can see it; from
 * then on it is there to stay, since others may have been given it.
 */
export async function submit(
  { files, folders, keys, durability }: Submitter,
  record: ProcessRecord,
): Promise<{ readonly pid: string; readonly created: boolean }> {
  const { pid, key } = record
  if (!isPid(pid)) throw notAPid(pid)
  if (prepareStore(files, folders)) await makeStoreSafe(folders, durability, true)
  const draft = `${folders.pending}/${draftName(pid)}`
  let holder: string | undefined
  try {
    holder = key === undefined ? undefined : keys.holderOf(key)
    if (holder === undefined) {
      makeFolder(files, folders.pending)
      writeNew(files, draft, Buffer.from(encodeFirst(record)))
      await durability.file(draft)
      await durability.folders(folders.pending)
      // A host that thought this client dead may have made it a submission already, or dropped it for the one that has its key.
      holder = key === undefined ? pid : (ifThere(() => keys.claim(key, pid, draft)) ?? keys.holderOf(key) ?? pid)
      if (holder !== pid) removeFile(files, draft)
    }
  } catch (error) {
    ifThere(() => removeFile(files, draft))
    throw writeFailed(draft, error)
  }
  try {
    if (holder === pid) ifThere(() => files.renameSync(draft, folders.pendingFile(pid)))
    if (key !== undefined) await durability.folders(folders.keys)
  } catch (error) {
    throw writeFailed(draft, error)
  }
  return { pid: holder, created: holder === pid }
}

/** What a host takes with. */
export interface Taker {
  readonly files: Files
  readonly folders: Folders
  readonly keys: Keys
  /** Where the journals are that the host owns. */
  readonly folder: string
}

/** Takes what waits and `accept` says yes to, oldest first, each by a rename that lets exactly one host win. */
export async function* take(
  { files, folders, keys, folder }: Taker,
  accept: (record: ProcessRecord) => boolean,
  skip = (_pid: string): boolean => false,
): AsyncGenerator<ProcessRecord> {
  const yieldLoop = createLoopYield()
  rescueDrafts(files, folders, keys)
  for (const pid of pidsIn(files, folders.pending).toSorted()) {
    if (skip(pid)) continue
    await yieldLoop()
    const file = folders.pendingFile(pid)
    const record = await readSubmission(files, file, pid)
    if (record === undefined || !accept(record)) continue
    try {
      if (ifThere(() => (files.renameSync(file, `${folder}/${pid}.jsonl`), true))) yield record
    } catch (error) {
      throw writeFailed(file, error)
    }
  }
}

/** `undefined`: somebody else was faster, or it cannot be read; readers tell that. */
async function readSubmission(files: Files, file: string, pid: string): Promise<ProcessRecord | undefined> {
  let fd: number | undefined
  try {
    fd = ifThere(() => files.openSync(file, fs.constants.O_RDONLY))
    return fd === undefined ? undefined : await settled(file, () => newestRecord(new FileBytes(files, fd!), { fd: fd!, pid, file }))
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error
  } finally {
    if (fd !== undefined) files.closeSync(fd)
  }
}

/** What a client that was killed left behind: a whole draft becomes a submission, unless another one has its key; half of one goes. */
function rescueDrafts(files: Files, folders: Folders, keys: Keys): void {
  for (const name of namesIn(files, folders.pending)) {
    const pid = DRAFT.exec(name)?.[1]
    if (pid === undefined) continue
    const draft = `${folders.pending}/${name}`
    ifThere(() => {
      if (Date.now() - fs.statSync(draft).mtimeMs < STUCK_MS) return
      const fd = files.openSync(draft, fs.constants.O_RDONLY)
      const head = firstLine(new FileBytes(files, fd))
      files.closeSync(fd)
      const key = head === undefined ? undefined : parseClaim(head)?.key
      const isLost = head === undefined || (key !== undefined && keys.claim(key, pid, draft) !== pid)
      if (isLost) removeFile(files, draft)
      else files.renameSync(draft, folders.pendingFile(pid))
    })
  }
}
