import { readStream } from '../client/read-stream.ts'
import { END_EVENT, offsetAfter, toServerSentEvent } from '../client/web-stream.ts'
import type { Store } from '../store/store.ts'
import type { Source, Viewer } from '../web/event-streams.ts'

const encoder = new TextEncoder()

/**
 * The stream of one process for one viewer, from where it stopped: browsers send the id of the last
 * event when they come back.
 */
export function streamSource(store: Store, pid: string, request: Request, redact: (value: unknown) => unknown): Source {
  const given = new URL(request.url).searchParams.get('from')
  const from = given !== null && /^\d{1,15}$/.test(given) ? Number(given) : 0
  const send = async (viewer: Viewer, signal: AbortSignal): Promise<void> => {
    const start = Math.max(from, offsetAfter(request.headers.get('last-event-id')))
    for await (const part of readStream(store, pid, start, signal))
      viewer.send(encoder.encode(toServerSentEvent(part.reset ? part : { ...part, chunk: redact(part.chunk) })))
    viewer.send(encoder.encode(END_EVENT))
  }
  return {
    join(viewer) {
      const left = new AbortController()
      // Whoever is interrupted by a failure comes back, and gets its status.
      void send(viewer, left.signal)
        .catch(() => {})
        .finally(() => viewer.end())
      return () => left.abort()
    },
  }
}
