import os from 'node:os'
import type { Files } from '../../journal/files.ts'
import type { HostCard } from './card.ts'
import { readBootId, readNetwork } from './this-machine.ts'

/**
 * Types of file systems that several machines may share, as `statfs` returns them (linux/magic.h).
 */
const NETWORK: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9p
  0x65735546, // FUSE: sshfs, virtiofs, s3fs ...
  0x00c36400, // Ceph
  0x5346414f, // AFS
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x01161970, // GFS2
  0x7461636f, // OCFS2
])

/**
 * Whether the abstract socket of a host can be seen from here: the host is on this machine, in the
 * same network namespace.
 */
export function isNextDoor(card: HostCard | undefined): boolean {
  return (
    card?.bootId !== undefined &&
    card.network !== undefined &&
    card.bootId === readBootId() &&
    card.network === readNetwork()
  )
}

/**
 * Whether a host may run on another machine, whose sockets nobody can see from here. On a local
 * file system another boot id is an earlier boot of this machine, whose hosts are dead as their
 * sockets say. Where boots and file systems do not tell machines apart, the name of the machine has
 * to do. A host of which nothing is known may be elsewhere, so it is never taken for dead.
 */
export function mayBeElsewhere(files: Files, folder: string, card: HostCard | undefined): boolean {
  const own = readBootId()
  if (own !== undefined && card?.bootId === own) return false
  if (process.platform === 'linux') return NETWORK.has(files.statfsSync(folder).type)
  return card?.hostname !== os.hostname()
}
