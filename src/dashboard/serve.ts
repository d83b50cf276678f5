import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dashboard } from './dashboard.ts'
import type { DashboardOptions } from './options.ts'

export interface ServeOptions extends Omit<DashboardOptions, 'hosts' | 'path'> {
  /** 0 for any free one. */
  readonly port: number
  /** The interface. Any but the loopback one takes a token, which is made up if none is given. */
  readonly host: string
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1'])

/** Serves the page by itself. */
export async function serveDashboard({ port, host, ...options }: ServeOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const token = options.token ?? (LOOPBACK_HOSTS.has(host) ? undefined : randomBytes(24).toString('base64url'))
  const page = dashboard({ ...options, token })
  const server = createServer(page.node)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    await page.close()
    throw error
  }
  const address = server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : address.family === 'IPv6' ? `[${address.address}]` : address.address
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`
  return {
    url: `http://${name}:${address.port}/${query}`,
    async close() {
      await page.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
