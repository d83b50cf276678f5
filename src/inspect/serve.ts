import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MAX_BEHIND, type Audience } from './audience.ts'
import { pageFiles, pageHeaders } from './page.ts'

export interface InspectorServer {
  /** The page to open. */
  readonly url: string
  close(): void
}

export interface ServeOptions {
  readonly audience: Audience
  /** The page of the Stately inspector. */
  readonly inspector: URL
  /** 0 for any free one. A port that is taken gives way to any free one. */
  readonly port: number
  /** Whether the server keeps Node alive. */
  readonly keepAlive: boolean
}

/** Serves the page on the loopback interface only. */
export async function serveInspector({ audience, inspector, port, keepAlive }: ServeOptions): Promise<InspectorServer> {
  const files = pageFiles(inspector)
  const headers = pageHeaders(inspector)

  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/s, '')
    const file = Object.hasOwn(files, path) ? files[path] : undefined
    if (!isFromHere(request)) response.writeHead(403).end('Only pages of this server, on this machine, may look\n')
    else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
    else if (path === '/events') stream(request, response)
    else if (file) response.writeHead(200, { ...headers, 'content-type': file.type }).end(file.text)
    else response.writeHead(404).end()
  })

  function stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    response.write('retry: 1000\n\n')
    const leave = audience.join({
      send(text) {
        response.write(text)
        return response.writableLength < MAX_BEHIND
      },
      end: () => void response.end(),
    })
    request.on('close', leave)
  }

  if (!keepAlive) server.on('connection', socket => socket.unref())
  await listen(server, port)
  if (!keepAlive) server.unref()
  // A late failure of a server that only shows things is no reason to end the program.
  server.on('error', () => {})
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      audience.close()
      server.close()
      server.closeIdleConnections()
    },
  }
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  const attempt = (wanted: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  try {
    await attempt(port)
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await attempt(0)
  }
}

/** Any page in the browser can send requests to this machine; its Host (a name that was made to lead here) or Origin gives it away. */
function isFromHere({ headers: { host, origin }, socket }: IncomingMessage): boolean {
  const here = ['127.0.0.1', 'localhost'].map(name => `${name}:${socket.localPort}`)
  return here.includes(host ?? '') && (origin === undefined || origin === `http://${host}`)
}
