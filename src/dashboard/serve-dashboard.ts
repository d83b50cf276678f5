import { serve } from '../web/serve.ts'
import { dashboard } from './dashboard.ts'
import type { DashboardOptions } from './dashboard-options.ts'

export interface ServeOptions extends Omit<DashboardOptions, 'hosts' | 'path'> {
  /** 0 means any free port. */
  readonly port: number
  /** The network interface to listen on. */
  readonly host: string
}

/** Serves the page on a port of its own. `url` contains the token. */
export async function serveDashboard({
  port,
  host,
  ...options
}: ServeOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const page = dashboard(options)
  try {
    const server = await serve({ fetch: page.fetch, host, port, keepAlive: true })
    return {
      url: page.token === undefined ? server.url : `${server.url}?token=${encodeURIComponent(page.token)}`,
      async close() {
        await page.close()
        server.close('now')
      },
    }
  } catch (error) {
    await page.close()
    throw error
  }
}
