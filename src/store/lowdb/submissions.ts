import fs from 'node:fs'
import { isPid } from '../pid.ts'
import { quote, isOfOneJournal, writeFailed } from '../failures.ts'
import { FileBytes, firstLine } from '../file-bytes.ts'
import { ifThere, makeFolder, removeFile, writeNew } from '../files.ts'
import type { Files } from '../files.ts'
import { newestRecord, settled } from '../journal-reader.ts'
import { encodeFirst } from '../line.ts'
import { createPace } from '../pace.ts'
import type { ProcessRecord } from '../record.ts'
import { draftName } from './compaction.ts'
import { namesIn, pidsIn } from './folders.ts'
import type { Folders } from './folders.ts'
import type { Keys } from './keys.ts'
import { prepareStore } from './layout.ts'

const DRAFT = /^\.([0-9a-z]{20})\.jsonl$/
/** A draft older than this lost its client between two system calls. */
const STUCK_MS = 5_000

/** Puts a process that waits for a host into the store. Its key is claimed before anybody can see it. */
export function submit(
  files: Files,
  folders: Folders,
  keys: Keys,
  record: ProcessRecord,
): { readonly pid: string; readonly created: boolean } {
  const { pid, key } = record
  if (!isPid(pid)) throw new TypeError(`A pid is 20 characters of 0-9 and a-z, got ${quote(pid)}: make it with createPid()`)
  prepareStore(files, folders)
  const draft = `${folders.pending}/${draftName(pid)}`
  try {
    const holder = key === undefined ? undefined : keys.holderOf(key)
    if (holder !== undefined) return { pid: holder, created: false }
    makeFolder(files, folders.pending)
    writeNew(files, draft, Buffer.from(encodeFirst(record)))
    const winner = key === undefined ? pid : keys.claim(key, pid, draft)
    if (winner === pid) files.renameSync(draft, folders.pendingFile(pid))
    else removeFile(files, draft)
    return { pid: winner, created: winner === pid }
  } catch (error) {
    ifThere(() => removeFile(files, draft))
    throw error instanceof TypeError ? error : writeFailed(draft, error)
  }
}

/** Takes what waits and `accept` says yes to into `folder`, oldest first, each by a rename that lets exactly one host win. */
export async function* take(
  files: Files,
  folders: Folders,
  folder: string,
  accept: (record: ProcessRecord) => boolean,
): AsyncGenerator<ProcessRecord> {
  const pace = createPace()
  rescueDrafts(files, folders)
  for (const pid of pidsIn(files, folders.pending).toSorted()) {
    await pace()
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

/** What a client that was killed left behind: a whole draft may hold a key already, so it becomes a submission; half of one goes. */
function rescueDrafts(files: Files, folders: Folders): void {
  for (const name of namesIn(files, folders.pending)) {
    const pid = DRAFT.exec(name)?.[1]
    if (pid === undefined) continue
    const draft = `${folders.pending}/${name}`
    ifThere(() => {
      if (Date.now() - fs.statSync(draft).mtimeMs < STUCK_MS) return
      const fd = files.openSync(draft, fs.constants.O_RDONLY)
      const isWhole = firstLine(new FileBytes(files, fd)) !== undefined
      files.closeSync(fd)
      if (isWhole) files.renameSync(draft, folders.pendingFile(pid))
      else removeFile(files, draft)
    })
  }
}

/** Replaces a journal that has only its first line, and takes its key along. */
export function replaceFirst(files: Files, keys: Keys, folder: string, record: ProcessRecord): void {
  const file = `${folder}/${record.pid}.jsonl`
  const draft = `${folder}/${draftName(record.pid)}`
  try {
    removeFile(files, draft)
    writeNew(files, draft, Buffer.from(encodeFirst(record)))
    if (record.key !== undefined) keys.move(record.key, draft)
    files.renameSync(draft, file)
  } catch (error) {
    if (record.key !== undefined) ifThere(() => keys.move(record.key!, file))
    throw writeFailed(file, error)
  }
}
