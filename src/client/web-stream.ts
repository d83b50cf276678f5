import type { StreamPart } from './read-stream.ts'

/** A part as a server-sent event. Its id is the offset, and a reset is an event of that name. */
export const toServerSentEvent = ({ offset, ...part }: StreamPart): string =>
  `${part.reset ? 'event: reset\n' : ''}id: ${offset}\ndata: ${JSON.stringify(part)}\n\n`

/** Tells a browser not to come back. */
export const END_EVENT = 'event: end\ndata:\n\n'

/** The offset to go on from after the id of an event; 0 if it is none. */
export function offsetAfter(lastEventId: string | null | undefined): number {
  return /^\d{1,15}$/.test(lastEventId ?? '') ? Number(lastEventId) + 1 : 0
}

/**
 * The stream of a process as server-sent events, for `new Response`. After the last one comes the
 * event `end`, so that a browser need not come back.
 *
 * @example
 * const from = Number(request.headers.get('last-event-id') ?? -1) + 1
 * const body = toWebStream(client.stream(pid, { from, signal: request.signal }))
 * return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
 */
export function toWebStream(parts: AsyncIterable<StreamPart>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      controller.enqueue(encoder.encode(done ? END_EVENT : toServerSentEvent(value)))
      if (done) controller.close()
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
