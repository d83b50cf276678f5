import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Answers requests of Node's `http` server by a function that knows `fetch`'s. */
export function nodeHandler(fetch: (request: Request) => Promise<Response>): (request: IncomingMessage, response: ServerResponse) => void {
  return (incoming, outgoing) => {
    void answer(fetch, incoming, outgoing).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500)
      outgoing.end()
    })
  }
}

async function answer(fetch: (request: Request) => Promise<Response>, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort())
  const request = toRequest(incoming, gone.signal)
  if (!request) return void outgoing.writeHead(400).end()
  const response = await fetch(request)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.flushHeaders()
  if (!response.body || incoming.method === 'HEAD') return void outgoing.end()
  // Who leaves early ends the stream: that is no failure.
  await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {})
}

function toRequest(incoming: IncomingMessage & { readonly originalUrl?: string }, signal: AbortSignal): Request | undefined {
  const { method = 'GET', headers, socket } = incoming
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  // Express cuts off where a handler is mounted, and keeps the whole.
  const address = `${scheme}://${headers.host ?? ''}${incoming.originalUrl ?? incoming.url ?? '/'}`
  if (!URL.canParse(address)) return undefined
  const list = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(address, {
    method,
    headers: list,
    signal,
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' as const }),
  })
}
