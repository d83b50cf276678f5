import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A request handler of Node's `http` server. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])
/**
 * How long a client may go on sending a body that is not wanted, so that it can read the answer.
 */
const LINGER_MS = 500

/** Adapts a function from `Request` to `Response` to Node's `http` server. */
export function nodeHandler(fetch: (request: Request) => Promise<Response>): NodeHandler {
  return (incoming, outgoing) => {
    outgoing.once('finish', () => hangUpOnBody(incoming))
    void answer(fetch, incoming, outgoing).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500)
      outgoing.end()
    })
  }
}

async function answer(
  fetch: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (!METHODS.has(incoming.method ?? '')) return void outgoing.writeHead(405, { allow: [...METHODS].join(', ') }).end()
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort())
  const request = toRequest(incoming, gone.signal)
  if (!request) return void outgoing.writeHead(400).end('This is not a request for a page\n')
  const response = await fetch(request)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.flushHeaders()
  if (!response.body || incoming.method === 'HEAD') return void outgoing.end()
  // A client that disconnects early is not an error.
  await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {})
}

function toRequest(
  incoming: IncomingMessage & { readonly originalUrl?: string },
  signal: AbortSignal,
): Request | undefined {
  const { method = 'GET', headers, socket } = incoming
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  // Express removes the mount path from `url`, and keeps it in `originalUrl`.
  const target = incoming.originalUrl ?? incoming.url ?? ''
  if (headers.host === undefined || headers.host.includes('@') || !target.startsWith('/')) return undefined
  const list = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  const hasBody = method !== 'GET' && method !== 'HEAD'
  try {
    return new Request(`${scheme}://${headers.host}${target}`, {
      method,
      headers: list,
      signal,
      ...(hasBody && { body: bodyOf(incoming), duplex: 'half' as const }),
    })
  } catch {
    // The host, the address or a header is malformed.
    return undefined
  }
}

/**
 * A body that is read on demand. Cancelling it discards the rest and keeps the connection open for
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

/**
 * Discards a body that was not read, for a while: closing the connection at once would lose the
 * answer.
 */
function hangUpOnBody(incoming: IncomingMessage): void {
  if (incoming.complete) return
  discard(incoming)
  const timer = setTimeout(() => incoming.socket.destroy(), LINGER_MS).unref()
  incoming.once('end', () => clearTimeout(timer))
}
