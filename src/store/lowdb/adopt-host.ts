import fs from 'node:fs'
import { FileBytes, firstLine, wholeLength } from '../../journal/file-bytes.ts'
import { writeFailed } from '../../journal/failures.ts'
import { hostAlive, unknownHost } from '../failures.ts'
import { ifThere, removeFile, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { parseClaim } from '../../journal/line.ts'
import { draftName } from './compaction.ts'
import { hostIdsIn, ownersIn, pidsIn, RELEASED } from './folders.ts'
import type { Folders } from './folders.ts'
import type { Hosts } from './hosts.ts'
import { Keys } from './keys.ts'
import { removeSocket } from '../hosts/socket-path.ts'

/**
 * Takes every process from a host that a person knows to be gone, and leaves them for the next host that looks. The journals are copied:
 * should the host be alive after all, it goes on writing to files that nobody reads.
 *
 * @returns how many were taken
 * @throws ERR_UNKNOWN_HOST; ERR_HOST_ALIVE unless `force`
 */
export async function adoptHost(files: Files, folders: Folders, hosts: Hosts, hostId: string, force: boolean): Promise<number> {
  if (hostId === RELEASED || (!hostIdsIn(files, folders).includes(hostId) && !ownersIn(files, folders).includes(hostId)))
    throw unknownHost(hostId, folders.root)
  const state = await hosts.stateOf(hostId)
  if (!force && (state === 'alive' || state === 'unresponsive')) throw hostAlive(hostId, state)
  const folder = folders.activeFolder(hostId)
  const keys = new Keys(files, folders)
  try {
    const pids = pidsIn(files, folder)
    const taken = pids.filter(pid => takeCopy(files, folders, keys, folder, pid))
    ifThere(() => files.rmdirSync(folder))
    removeFile(files, folders.hostFile(hostId))
    removeSocket(files, folders.hosts, hostId)
    hosts.forget(hostId)
    return taken.length
  } catch (error) {
    throw writeFailed(folder, error)
  }
}

/** @returns false if it is gone: ended or taken meanwhile */
function takeCopy(files: Files, folders: Folders, keys: Keys, folder: string, pid: string): boolean {
  const file = `${folder}/${pid}.jsonl`
  const fd = ifThere(() => files.openSync(file, fs.constants.O_RDONLY))
  if (fd === undefined) return false
  const draft = `${folders.released}/${draftName(pid)}`
  try {
    const bytes = new FileBytes(files, fd)
    const head = firstLine(bytes)
    removeFile(files, draft)
    writeNew(files, draft, Buffer.from(bytes.slice(0, wholeLength(bytes))))
    const key = head === undefined ? undefined : parseClaim(head)?.key
    if (key !== undefined) keys.move(key, pid, draft)
    files.renameSync(draft, `${folders.released}/${pid}.jsonl`)
    return removeFile(files, file)
  } finally {
    files.closeSync(fd)
  }
}
