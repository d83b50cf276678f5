import type { Topic } from './topic.ts'

/** A viewer that is this far behind is hung up on: it comes back by itself. Bytes. */
const MAX_BEHIND = 16 * 1024 * 1024
/** Proxies hang up on who says nothing. */
const HEARTBEAT_MS = 15_000

/** Open streams of server-sent events. */
export class EventStreams {
  readonly #open = new Set<() => void>()

  open(topic: Topic, signal: AbortSignal): Response {
    const encoder = new TextEncoder()
    let end: () => void = () => {}
    const body = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          const send = (text: string): void => {
            controller.enqueue(encoder.encode(text))
            if ((controller.desiredSize ?? 0) < 0) end()
          }
          const heartbeat = setInterval(() => send(': still here\n\n'), HEARTBEAT_MS).unref()
          let leave: () => void = () => {}
          end = () => {
            if (!this.#open.delete(end)) return
            clearInterval(heartbeat)
            leave()
            try {
              controller.close()
            } catch {
              // Cancelled by the viewer.
            }
          }
          this.#open.add(end)
          send('retry: 1000\n\n')
          leave = topic.join({ send })
          signal.addEventListener('abort', () => end(), { once: true })
        },
        cancel: () => end(),
      },
      { highWaterMark: MAX_BEHIND, size: chunk => chunk.byteLength },
    )
    return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } })
  }

  close(): void {
    for (const end of this.#open) end()
  }
}
