/** An event of a stream, as it goes over the wire: encoded once, however many look. */
export type Frame = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()

export const frame = (data: unknown, event?: string): Frame =>
  encoder.encode(`${event === undefined ? '' : `event: ${event}\n`}data: ${data === undefined ? '' : JSON.stringify(data)}\n\n`)

/** A viewer's end of a stream. */
export interface Viewer {
  send(frame: Frame): void
  end(): void
}

/** What there is to see: `join` tells a viewer what is so by now, then whatever happens, until the returned function is called. */
export interface Source {
  join(viewer: Viewer): () => void
}

/** A viewer that is this far behind is hung up on: it comes back by itself, and is then told what is so by then. Bytes. */
const MAX_BEHIND = 16 * 1024 * 1024
/** Proxies, and our own server, hang up on who says nothing. */
const HEARTBEAT_MS = 15_000
const MAX_STREAMS = 2000

const HEARTBEAT = encoder.encode(': still here\n\n')
const RETRY = encoder.encode('retry: 1000\n\n')
const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

/** Open streams of server-sent events. */
export class EventStreams {
  readonly #open = new Set<() => void>()

  open(source: Source, signal: AbortSignal): Response {
    if (this.#open.size >= MAX_STREAMS)
      return new Response('Too many look at this already\n', { status: 503, headers: { 'retry-after': '10' } })
    let end: () => void = () => {}
    const body = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          const send = (bytes: Frame): void => {
            if (!this.#open.has(end)) return
            controller.enqueue(bytes)
            if ((controller.desiredSize ?? 0) < 0) end()
          }
          const heartbeat = setInterval(() => send(HEARTBEAT), HEARTBEAT_MS).unref()
          let leave: () => void = () => {}
          end = () => {
            if (!this.#open.delete(end)) return
            clearInterval(heartbeat)
            signal.removeEventListener('abort', end)
            leave()
            try {
              controller.close()
            } catch {
              // Cancelled by the viewer.
            }
          }
          this.#open.add(end)
          send(RETRY)
          leave = source.join({ send, end })
          // It was hung up on while it was told what is so by now.
          if (!this.#open.has(end)) leave()
          signal.addEventListener('abort', end, { once: true })
        },
        cancel: () => end(),
      },
      { highWaterMark: MAX_BEHIND, size: chunk => chunk.byteLength },
    )
    return new Response(body, { headers: HEADERS })
  }

  close(): void {
    for (const end of this.#open) end()
  }
}
