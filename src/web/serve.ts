import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nodeHandler } from './node-handler.ts'

export interface ServeOptions {
  readonly fetch: (request: Request) => Promise<Response>
  /** The interface. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Whether a port that is taken gives way to any free one. */
  readonly anyPort?: boolean
  /** Whether the server keeps Node alive. */
  readonly keepAlive: boolean
}

export interface Served {
  /** The root, as a browser on this machine asks for it. Ends with `/`. */
  readonly url: string
  /** Hangs up on those who wait for nothing; `now` on everybody. */
  close(now?: 'now'): void
}

/** A client that dawdles over its request, or does not read its answer, is hung up on. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}
/** Longer than the heartbeat of a stream. */
const SILENCE_MS = 40_000
const MAX_CONNECTIONS = 4_000

const ANY_INTERFACE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

export async function serve({ fetch, host, port, anyPort = false, keepAlive }: ServeOptions): Promise<Served> {
  const server = createServer(LIMITS, nodeHandler(fetch))
  server.timeout = SILENCE_MS
  server.maxConnections = MAX_CONNECTIONS
  if (!keepAlive) server.on('connection', socket => socket.unref())
  try {
    await listen(server, port, host)
  } catch (error) {
    if (!anyPort || port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await listen(server, 0, host)
  }
  if (!keepAlive) server.unref()
  // A late failure of a server that only shows things is no reason to end the program.
  server.on('error', () => {})
  const { address, family, port: taken } = server.address() as AddressInfo
  const name = ANY_INTERFACE.has(host) ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return {
    url: `http://${name}:${taken}/`,
    close(now) {
      server.close()
      if (now) server.closeAllConnections()
      else server.closeIdleConnections()
    },
  }
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
