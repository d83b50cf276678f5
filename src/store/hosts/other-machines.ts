import fs from 'node:fs'
import type { Files } from '../../journal/files.ts'

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

/** The boot id of this machine, on Linux only. A container has the id of its machine. */
export function readBootId(): string | undefined {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}

/**
 * Whether a host with this boot id may run on another machine, whose sockets nobody can see from
 * here. On a local file system another boot id is an earlier boot of this machine, whose hosts are
 * dead as their sockets say.
 */
export function mayBeElsewhere(files: Files, folder: string, bootId: string | undefined): boolean {
  const own = readBootId()
  if (bootId === undefined || own === undefined || bootId === own) return false
  return NETWORK.has(files.statfsSync(folder).type)
}
