/** An encoded event of a stream. It is encoded once for all viewers. */
export type Frame = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()

export const frame = (data: unknown, event?: string): Frame =>
  encoder.encode(
    `${event === undefined ? '' : `event: ${event}\n`}data: ${data === undefined ? '' : JSON.stringify(data)}\n\n`,
  )

/** A viewer of a stream. */
export interface Viewer {
  send(frame: Frame): void
  end(): void
}

/**
 * Something to watch: `join` sends a viewer the current state, then every change, until the
 * returned function is called.
 */
export interface Source {
  join(viewer: Viewer): () => void
}

/**
 * How many bytes a viewer may be behind before it is disconnected. Browsers reconnect, and then get
 * the current state.
 */
const MAX_BEHIND = 16 * 1024 * 1024
/** Proxies and our own server close connections that are silent. */
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
              // The viewer has cancelled it.
            }
          }
          this.#open.add(end)
          send(RETRY)
          leave = source.join({ send, end })
          // It fell too far behind while it was sent the current state.
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
