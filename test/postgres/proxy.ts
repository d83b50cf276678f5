import { on, once } from 'node:events'
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
  /** Open connections go on in other sessions of the server, as a pooler between two transactions. */
  giveSessionsAway(): Promise<void>
  /** New connections go to another server. */
  turnTo(port: number): void
  close(): Promise<void>
}

/** How long a commit has on its way before the connection breaks. */
const COMMIT_MS = 100
/** The end of what a server says to a new connection: it waits for the first query. */
const READY = Buffer.from('Z\0\0\0\u0005I')

export async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url)
  let port = Number(target.port)
  const clients = new Set<Socket>()
  const servers = new Set<Socket>()
  const swaps = new Set<() => Promise<void>>()
  let isSilent = false
  let onCommit: (() => void) | undefined

  function link(client: Socket): void {
    client.on('error', () => {})
    clients.add(client)
    if (isSilent) return
    let isMute = false
    let startup: Buffer | undefined
    let server = reach()
    function reach(): Socket {
      const reached = connect({ host: target.hostname, port })
      reached.on('error', () => reached === server && client.destroy())
      servers.add(reached)
      return reached
    }
    function answer(): void {
      const heard = server
      heard.on('data', bytes => void (!isSilent && !isMute && client.write(bytes)))
      heard.on('close', () => void (heard === server && !isSilent && client.destroy()))
    }
    answer()
    swaps.add(async () => {
      const next = reach()
      next.write(startup!)
      for await (const bytes of on(next, 'data') as AsyncIterable<[Buffer]>) if (bytes[0].includes(READY)) break
      const before = server
      server = next
      answer()
      before.destroy()
    })
    client.on('data', (bytes: Buffer) => {
      startup ??= bytes
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
    // In a silence neither side hears that the other has gone.
    client.on('close', () => void (!isSilent && server.destroy()))
  }

  const listener = createServer(link).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const through = new URL(url)
  through.port = String((listener.address() as { port: number }).port)
  const breakAll = (): void => {
    for (const socket of [...clients, ...servers]) socket.destroy()
    clients.clear()
    servers.clear()
    swaps.clear()
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
    async giveSessionsAway() {
      await Promise.all([...swaps].map(swap => swap()))
    },
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
