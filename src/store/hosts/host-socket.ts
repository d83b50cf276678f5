import fs from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { abstractPath, openSocketPath } from './socket-path.ts'

/** The longest line that a peer may send, in characters. */
const MAX_LINE = 1024
const IDLE_MS = 10_000
/** How often a host checks that its socket is still there, and otherwise makes it anew. */
export const RELIGHT_MS = 250

/**
 * The socket that shows to everybody on this machine that a host is alive. The kernel closes it
 * when the host is gone. Answers `ping` with `pong`, and calls `onLook` for `look`. Does not keep
 * Node alive.
 *
 * On Linux the host listens under an abstract name as well, which is no file: nobody can delete it.
 */
export class HostSocket {
  readonly #hosts: string
  readonly #hostId: string
  readonly #onLook: () => void
  readonly #sockets = new Set<Socket>()
  #file: Listener | undefined
  #abstract: Listener | undefined

  constructor(hosts: string, hostId: string, onLook: () => void = () => {}) {
    this.#hosts = hosts
    this.#hostId = hostId
    this.#onLook = onLook
  }

  /** Listens; if the file of the socket is gone, makes it anew. */
  async open(): Promise<void> {
    // A server that is closed removes the file at its path, so the old one goes first.
    this.#file?.server.close()
    this.#file?.release()
    this.#file = undefined
    const address = openSocketPath(this.#hosts, this.#hostId)
    this.#file = await this.#listen(address.path, () => address.close())
    const name = abstractPath(this.#hostId)
    if (name !== undefined) this.#abstract ??= await this.#listen(name)
  }

  /** Whether the file that others connect to is this host's. A named pipe cannot be deleted. */
  get isThere(): boolean {
    if (process.platform === 'win32') return true
    // To listen anew may have failed.
    return this.#file !== undefined && this.#file.ino !== undefined && inodeOf(this.#file.path) === this.#file.ino
  }

  async close(): Promise<void> {
    const listeners = [this.#file, this.#abstract].filter(listener => listener !== undefined)
    const closed = listeners.map(({ server }) => once(server, 'close'))
    for (const { server } of listeners) server.close()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
    for (const { release } of listeners) release()
  }

  async #listen(path: string, release = (): void => {}): Promise<Listener> {
    const server = createServer(socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      serve(socket, this.#onLook)
    })
    try {
      // Exclusive: in a cluster the primary would otherwise hold the socket, and outlive the host.
      server.listen({ path, exclusive: true })
      await once(server, 'listening')
    } catch (error) {
      release()
      throw error
    }
    server.unref()
    server.on('error', () => {})
    return { server, path, ino: inodeOf(path), release }
  }
}

interface Listener {
  readonly server: Server
  readonly path: string
  /** Of the socket's file. */
  readonly ino: number | undefined
  readonly release: () => void
}

function inodeOf(path: string): number | undefined {
  if (path.startsWith('\0')) return undefined
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.ino
  } catch {
    return undefined
  }
}

function serve(socket: Socket, onLook: () => void): void {
  let line = ''
  socket.unref()
  socket.setEncoding('utf8')
  // The peer may be gone before it is answered.
  socket.on('error', () => {})
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('data', (text: string) => {
    line += text
    const lines = line.split('\n')
    line = lines.pop() ?? ''
    for (const word of lines) {
      if (word === 'ping') socket.write('pong\n')
      if (word === 'look') onLook()
    }
    if (line.length > MAX_LINE) socket.destroy()
  })
}
