import fs from 'node:fs'
import { join } from 'node:path'
import { removeFile } from '../../journal/files.ts'
import { show } from '../../record/show.ts'
import { isHostId } from './host-id.ts'
import type { Files } from '../../journal/files.ts'

/** The shortest limit among the systems Node runs on (macOS: 104 bytes with the closing zero). */
const MAX_SOCKET_PATH_BYTES = 103

/** The address of a host's socket. Close it when the socket is closed or connected. */
export interface SocketPath {
  readonly path: string
  close(): void
}

/**
 * Returns the same address to everybody, whatever their environment: a host whose socket is looked
 * for in the wrong place would seem dead. If the path is too long for a socket, it leads through
 * the open directory on Linux, and into /tmp elsewhere.
 */
export function openSocketPath(hosts: string, hostId: string): SocketPath {
  // An id may come from a store, and becomes part of a path here.
  if (!isHostId(hostId)) throw new TypeError(`An id of a host cannot be ${show(hostId)}`)
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\stepwright-${hostId}`, close() {} }
  const path = join(hosts, `${hostId}.sock`)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { path, close() {} }
  if (process.platform !== 'linux') return { path: `/tmp/stepwright-${hostId}.sock`, close() {} }
  const fd = fs.openSync(hosts, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${fd}/${hostId}.sock`, close: () => fs.closeSync(fd) }
}

/** A name that is no file: on Linux only, for those in the same network namespace. */
export const abstractPath = (hostId: string): string | undefined =>
  process.platform === 'linux' ? `\0stepwright-${hostId}` : undefined

/** Removes the socket file of a host that died. A named pipe goes away with its host. */
export function removeSocket(files: Files, hosts: string, hostId: string): void {
  if (process.platform === 'win32') return
  const address = openSocketPath(hosts, hostId)
  try {
    removeFile(files, address.path)
  } finally {
    address.close()
  }
}
