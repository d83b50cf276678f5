import { FileBytes, firstLine, wholeLength } from '../../journal/file-bytes.ts'
import { writeFailed } from '../../journal/failures.ts'
import { ifThere, openToRead, removeFile, writeNew } from '../../journal/files.ts'
import { parseClaim } from '../../journal/line.ts'
import { hostAlive, unknownHost } from '../failures.ts'
import { removeSocket } from '../hosts/socket-path.ts'
import type { Directory } from './directory.ts'
import { hostIdsIn, ownersIn, pidsIn, RELEASED } from './paths.ts'

/**
 * See `Store.adopt`. The journals are copied: should the host be alive after all, it goes on
 * writing to files that nobody reads.
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
  try {
    const taken = pidsIn(files, folder).filter(pid => releaseCopy(directory, folder, pid))
    ifThere(() => files.rmdirSync(folder))
    await documents.delete('hosts', hostId)
    removeSocket(files, paths.hosts, hostId)
    hosts.forget(hostId)
    return taken.length
  } catch (error) {
    throw writeFailed(folder, error)
  }
}

/** @returns false if the journal is gone: its process has ended or was taken meanwhile */
function releaseCopy({ files, paths, keys }: Directory, folder: string, pid: string): boolean {
  const file = paths.journal(folder, pid)
  const fd = ifThere(() => openToRead(files, file))
  if (fd === undefined) return false
  const draft = paths.draft(paths.released, pid)
  try {
    const bytes = new FileBytes(files, fd)
    const head = firstLine(bytes)
    removeFile(files, draft)
    writeNew(files, draft, Buffer.from(bytes.slice(0, wholeLength(bytes))))
    const key = head === undefined ? undefined : parseClaim(head)?.key
    if (key !== undefined) keys.move(key, pid, draft)
    files.renameSync(draft, paths.journal(paths.released, pid))
    return removeFile(files, file)
  } finally {
    files.closeSync(fd)
  }
}
