import type { StreamEntry } from '../record/record.ts'
import type { Store } from '../store/store.ts'

/** Where a piece of a stream comes from. */
export interface StreamSource {
  /** Counts up within the stream of a process. To go on after this one, read `from` the next. */
  readonly offset: number
  readonly step: string
  /** Of the step. */
  readonly attempt: number
  /** The index of the item of an each step that wrote it, or the number of the visit of a step actor. */
  readonly item?: number
  /** The name of the call of `once` that wrote it. */
  readonly once?: string
}

/** What a step wrote. */
export interface StreamChunk extends StreamSource {
  readonly chunk: unknown
  readonly reset?: undefined
}

/** Work begins anew: chunks before it with the same `step`, `item` and `once` do not count any more. */
export interface StreamReset extends StreamSource {
  readonly reset: true
  readonly chunk?: undefined
}

/** A piece of the stream of a process. */
export type StreamPart = StreamChunk | StreamReset

/** The parts of a stream from an offset on, until the process has ended. */
export async function* readStream(
  store: Store,
  pid: string,
  from: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamPart> {
  let next = from
  for await (const entry of store.trail('stream', pid, { follow: true, signal })) {
    for (const part of partsOf(entry)) {
      // A store may have an entry twice, if the answer to the first write was lost.
      if (part.offset < next) continue
      next = part.offset + 1
      yield part
    }
  }
}

function partsOf({ offset, chunks = [], reset, ...source }: StreamEntry): StreamPart[] {
  if (reset) return [{ offset, ...source, reset }]
  return chunks.map((chunk, index) => ({ offset: offset + index, ...source, chunk }))
}
