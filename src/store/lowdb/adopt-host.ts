import { StepwrightError } from '../../errors.ts'
import { FileBytes, wholeLength } from '../../journal/file-bytes.ts'
import { writeFailed } from '../../journal/failures.ts'
import { ifThere, openToRead } from '../../journal/files.ts'
import { hostAlive, unknownHost } from '../failures.ts'
import { removeSocket } from '../hosts/socket-path.ts'
import { replace, writeDraft } from './compaction.ts'
import type { Directory } from './directory.ts'
import { keyOf } from './first-line.ts'
import { takeJournal } from './take-journal.ts'
import { hostIdsIn, namesIn, ownersIn, pidsIn, RELEASED } from './paths.ts'

/**
 * See `Store.adopt`. The journals go through the hands of a host of this call's own: each is taken
 * by a rename, after which no line of its last owner counts any more, and only then copied, so that
 * what that owner writes all the same is in a file which nobody reads. Should this process die on
 * the way, its host is adopted from like any other.
 *
 * @throws ERR_UNKNOWN_HOST; ERR_HOST_ALIVE unless `force`
 */
export async function adoptHost(directory: Directory, hostId: string, force: boolean): Promise<number> {
  const { files, paths, hosts, documents } = directory
  if (hostId === RELEASED || (!hostIdsIn(files, paths).includes(hostId) && !ownersIn(files, paths).includes(hostId)))
    throw unknownHost(hostId, paths.root)
  const state = await hosts.stateOf(hostId)
  if (!force && (state === 'alive' || state === 'unresponsive')) throw hostAlive(hostId, state)
  const folder = paths.activeFolder(hostId)
  const { openLowdbHost } = await import('./host.ts')
  const taker = await openLowdbHost(directory)
  try {
    let taken = 0
    for (const pid of pidsIn(files, folder)) if (await releaseCopy(directory, hostId, taker.hostId, pid)) taken += 1
    // A host that is alive after all may have taken some back.
    if (namesIn(files, folder).length === 0) ifThere(() => files.rmdirSync(folder))
    await documents.delete('hosts', hostId)
    removeSocket(files, paths.hosts, hostId)
    hosts.forget(hostId)
    return taken
  } catch (error) {
    throw error instanceof StepwrightError ? error : writeFailed(folder, error)
  } finally {
    await taker.close()
  }
}

/** @returns false if the journal is gone: its process has ended or was taken meanwhile */
async function releaseCopy(directory: Directory, from: string, taker: string, pid: string): Promise<boolean> {
  const { files, paths, durability } = directory
  const folder = paths.activeFolder(taker)
  const file = paths.journal(folder, pid)
  if (!takeJournal(directory, from, pid, file)) return false
  const key = ifThere(() => keyOf(files, file))
  const replacement = { pid, key, file, draft: paths.draft(folder, pid) }
  writeDraft(directory, replacement, wholeLinesOf(directory, file))
  await durability.file(replacement.draft)
  replace(directory, replacement)
  files.renameSync(file, paths.journal(paths.released, pid))
  await durability.folders(folder, paths.released, ...(key === undefined ? [] : [paths.keys]))
  return true
}

function wholeLinesOf({ files }: Directory, file: string): Buffer {
  const fd = openToRead(files, file)
  try {
    const bytes = new FileBytes(files, fd)
    return Buffer.from(bytes.slice(0, wholeLength(bytes)))
  } finally {
    files.closeSync(fd)
  }
}
