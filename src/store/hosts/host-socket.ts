import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { openSocketPath } from './socket-path.ts'

/** The longest line that a peer may send, in characters. */
const MAX_LINE = 1024
const IDLE_MS = 10_000

/**
 * The socket that shows to everybody on this machine that a host is alive. The kernel closes it
 * when the host is gone.
 */
export interface HostSocket {
  close(): Promise<void>
}

/**
 * Listens on the socket of a host. Answers `ping` with `pong`, and calls `onLook` for `look`. Does
 * not keep Node alive.
 */
export async function openHostSocket(hosts: string, hostId: string, onLook: () => void = () => {}): Promise<HostSocket> {
  const address = openSocketPath(hosts, hostId)
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, onLook)
  })
  try {
    // Exclusive: in a cluster the primary would otherwise hold the socket, and outlive the host.
    server.listen({ path: address.path, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    address.close()
    throw error
  }
  server.unref()
  server.on('error', () => {})
  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      address.close()
    },
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
