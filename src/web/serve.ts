import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nodeHandler } from './node-handler.ts'

export interface ServeOptions {
  readonly fetch: (request: Request) => Promise<Response>
  /** The network interface to listen on. */
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  /** Whether to use any free port if this one is taken. */
  readonly anyPort?: boolean
  /** Whether the server keeps Node alive. */
  readonly keepAlive: boolean
}

export interface Served {
  /** The address of the root for a browser on this machine. Ends with `/`. */
  readonly url: string
  /** Closes idle connections; with `now`, all connections. */
  close(now?: 'now'): void
}

/** Limits in ms: slower clients are disconnected. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}
/**
 * When to disconnect a client that neither sends nor reads, in ms. Longer than the heartbeat of a
 * stream.
 */
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
  // A server that only shows things must not end the program when it fails later.
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
