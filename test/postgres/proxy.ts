import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A stretch of network before a PostgreSQL server, to be cut. */
export interface Proxy {
  /** The address of the server by way of the proxy. */
  readonly url: string
  /** Nothing gets through any more, and nobody is told: as when a cable is pulled. */
  silence(): void
  /** The server gives the silent connections up, as its kernel does after a while. */
  giveUp(): void
  /** New connections get through again; silent ones are told that they are gone. */
  heal(): void
  /**
   * The next commit reaches the server, its answer never comes back, and the connection breaks.
   * Resolves when that has happened.
   */
  cutAfterCommit(): Promise<void>
  /** New connections go to another server. */
  turnTo(port: number): void
  close(): Promise<void>
}

/** How long a commit has on its way before the connection breaks. */
const COMMIT_MS = 100

export async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url)
  let port = Number(target.port)
  const clients = new Set<Socket>()
  const servers = new Set<Socket>()
  let isSilent = false
  let onCommit: (() => void) | undefined

  function link(client: Socket): void {
    client.on('error', () => {})
    clients.add(client)
    if (isSilent) return
    const server = connect({ host: target.hostname, port })
    server.on('error', () => client.destroy())
    servers.add(server)
    let isMute = false
    client.on('data', bytes => {
      if (isSilent) return
      server.write(bytes)
      if (onCommit === undefined || !/commit/i.test(bytes.toString('latin1'))) return
      const told = onCommit
      onCommit = undefined
      isMute = true
      setTimeout(() => {
        client.destroy()
        server.destroy()
        told()
      }, COMMIT_MS)
    })
    server.on('data', bytes => void (!isSilent && !isMute && client.write(bytes)))
    // In a silence neither side hears that the other has gone.
    client.on('close', () => void (!isSilent && server.destroy()))
    server.on('close', () => void (!isSilent && client.destroy()))
  }

  const listener = createServer(link).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const through = new URL(url)
  through.port = String((listener.address() as { port: number }).port)
  const breakAll = (): void => {
    for (const socket of [...clients, ...servers]) socket.destroy()
    clients.clear()
    servers.clear()
  }
  return {
    url: through.href,
    silence: () => void (isSilent = true),
    giveUp: () => {
      for (const server of servers) server.destroy()
    },
    heal() {
      isSilent = false
      breakAll()
    },
    cutAfterCommit: () => new Promise(resolve => (onCommit = resolve)),
    turnTo(next) {
      port = next
      breakAll()
    },
    async close() {
      breakAll()
      listener.close()
      await once(listener, 'close')
    },
  }
}
