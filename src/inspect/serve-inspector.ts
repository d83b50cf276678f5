import { EventStreams } from '../web/event-streams.ts'
import { LOOPBACK, refusal, text } from '../web/guard.ts'
import { serve } from '../web/serve.ts'
import { createToken, keepToken } from '../web/token.ts'
import type { Broadcast } from './broadcast.ts'
import { pageFiles, pageHeaders } from './page.ts'

export interface InspectorServer {
  /** The address of the page. It contains the token. */
  readonly url: string
  close(): void
}

export interface ServeOptions {
  readonly broadcast: Broadcast
  /** The address of the Stately inspector. */
  readonly inspector: URL
  /** The port; if it is taken, any free port is used. 0 means any free port. */
  readonly port: number
  /** Whether the server keeps Node alive. */
  readonly keepAlive: boolean
}

/** Serves the local page that embeds the Stately inspector, on the loopback interface only. */
export async function serveInspector({
  broadcast,
  inspector,
  port,
  keepAlive,
}: ServeOptions): Promise<InspectorServer> {
  const files = pageFiles(inspector)
  const headers = Object.entries(pageHeaders(inspector))
  const streams = new EventStreams()
  const token = createToken()

  function answer(request: Request): Response {
    const refused = refusal(request, { token, hosts: LOOPBACK })
    if (refused) return refused
    const { pathname } = new URL(request.url)
    const file = Object.hasOwn(files, pathname) ? files[pathname] : undefined
    if (pathname !== '/events' && !file) return text(404, 'There is nothing here')
    if (request.method !== 'GET') return text(405, 'This page is only read', { allow: 'GET' })
    const response = file
      ? new Response(file.text, { headers: { 'content-type': file.type } })
      : streams.open(broadcast, request.signal)
    keepToken(request, response, '/')
    return response
  }

  async function fetch(request: Request): Promise<Response> {
    const response = answer(request)
    for (const [name, value] of headers) response.headers.set(name, value)
    return response
  }

  const server = await serve({ fetch, host: '127.0.0.1', port, anyPort: true, keepAlive })
  return {
    url: `${server.url}?token=${token}`,
    close() {
      broadcast.close()
      streams.close()
      server.close()
    },
  }
}
