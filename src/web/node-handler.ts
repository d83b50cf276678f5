import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A request handler of Node's `http` server. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])
/** So long a client whose body nobody wants may go on sending: time to read why. */
const LINGER_MS = 500

/** Answers requests of Node's `http` server by a function that knows `fetch`'s. */
export function nodeHandler(fetch: (request: Request) => Promise<Response>): NodeHandler {
  return (incoming, outgoing) => {
    outgoing.once('finish', () => hangUpOnBody(incoming))
    void answer(fetch, incoming, outgoing).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500)
      outgoing.end()
    })
  }
}

async function answer(fetch: (request: Request) => Promise<Response>, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (!METHODS.has(incoming.method ?? '')) return void outgoing.writeHead(405, { allow: [...METHODS].join(', ') }).end()
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort())
  const request = toRequest(incoming, gone.signal)
  if (!request) return void outgoing.writeHead(400).end('This is not a request for a page\n')
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
  const target = incoming.originalUrl ?? incoming.url ?? ''
  if (headers.host === undefined || headers.host.includes('@') || !target.startsWith('/')) return undefined
  const list = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  try {
    return new Request(`${scheme}://${headers.host}${target}`, {
      method,
      headers: list,
      signal,
      ...(hasBody && { body: bodyOf(incoming), duplex: 'half' as const }),
    })
  } catch {
    // A host, an address or a header that is none.
    return undefined
  }
}

/**
 * Bytes as they are asked for. Cancelled, it lets go of the rest and leaves the connection open for
 * the answer.
 */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.pause()
        incoming.on('data', (chunk: Buffer) => {
          controller.enqueue(chunk)
          incoming.pause()
        })
        incoming.once('end', () => controller.close())
        incoming.once('error', error => controller.error(error))
      },
      pull: () => void incoming.resume(),
      cancel: () => discard(incoming),
    },
    { highWaterMark: 0 },
  )
}

function discard(incoming: IncomingMessage): void {
  incoming.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error')
  incoming.on('error', () => {}).resume()
}

/** Closed at once, a connection with bytes that nobody has read loses the answer too. */
function hangUpOnBody(incoming: IncomingMessage): void {
  if (incoming.complete) return
  discard(incoming)
  const timer = setTimeout(() => incoming.socket.destroy(), LINGER_MS).unref()
  incoming.once('end', () => clearTimeout(timer))
}
