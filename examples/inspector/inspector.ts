import { createInspector } from '@statelyai/inspect'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { RuntimeOptions } from 'stepwright'
import { LiveActors, type Adapter, type StatelyEvent } from './live-actors.ts'

export interface LocalInspector {
  /** The page to open. */
  readonly url: string
  /** For `createRuntime({ inspect })`. */
  readonly inspect: NonNullable<RuntimeOptions['inspect']>
  /** Tells the viewers what is still to be told, then hangs up. */
  close(): Promise<void>
}

const PAGES: Record<string, readonly [file: string, type: string]> = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css'],
  '/page.js': ['page.js', 'text/javascript'],
}
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src https://stately.ai; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** Serves a page with Stately's inspector on this machine only. Neither the server nor its viewers keep Node alive. */
export async function serveInspector(): Promise<LocalInspector> {
  const viewers = new Set<ServerResponse>()
  const live = new LiveActors()
  const definitions = new Map<string, string>()

  const adapter: Adapter = {
    send(event) {
      const message = `data: ${JSON.stringify(inOrder(event, definitions))}\n\n`
      live.note(event, message)
      for (const viewer of viewers) viewer.write(message)
    },
  }
  const stately = createInspector(adapter)

  const server = createServer((request, response) => {
    if (!isFromHere(request)) response.writeHead(403).end('Only pages of this server, on this machine, may look\n')
    else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
    else if (request.url === '/events') {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
      response.write(live.messages().join(''))
      viewers.add(response)
      response.on('close', () => viewers.delete(response))
    } else void sendPage(request.url ?? '', response)
  })
  server.on('connection', socket => socket.unref())
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    inspect(event) {
      if (event.type === '@xstate.actor') {
        const { logic } = event.actorRef as { readonly logic?: { readonly config?: object } }
        if (logic?.config) definitions.set(event.actorRef.sessionId, JSON.stringify(logic.config, nameFunctions))
      }
      stately.inspect.next?.(event)
    },
    async close() {
      // Stately's inspector passes events on by timers of 0 ms. Such timers fire in their order: this one is the last.
      await setTimeout(0)
      for (const viewer of viewers) viewer.end('event: end\ndata:\n\n')
      server.close()
    },
  }
}

async function sendPage(path: string, response: ServerResponse): Promise<void> {
  const [file, type] = (Object.hasOwn(PAGES, path) && PAGES[path]) || []
  if (file === undefined) response.writeHead(404).end()
  else response.writeHead(200, { ...HEADERS, 'content-type': type }).end(await readFile(join(import.meta.dirname, file)))
}

/** Any page in the browser can send requests to this machine; its Host (a name that was made to lead here) or Origin gives it away. */
function isFromHere({ headers: { host, origin }, socket }: IncomingMessage): boolean {
  const here = ['127.0.0.1', 'localhost'].map(name => `${name}:${socket.localPort}`)
  return here.includes(host ?? '') && (origin === undefined || origin === `http://${host}`)
}

/** Stately's inspector sorts the keys of a definition, and cuts off its depth: with our own, a chart's states stay in order. */
function inOrder(event: StatelyEvent, definitions: Map<string, string>): StatelyEvent {
  if (event.type !== '@xstate.actor') return event
  const definition = definitions.get(event.sessionId)
  definitions.delete(event.sessionId)
  return definition === undefined ? event : { ...event, definition }
}

const nameFunctions = (_: string, value: unknown): unknown => (typeof value === 'function' ? { type: value.name } : value)
