import type { StatelyMessage } from './messages.ts'

/** Who looks: is handed text as it stands in an event stream. Returns false when the viewer does not keep up. */
export interface Viewer {
  send(text: string): boolean
  end(): void
}

interface Told {
  readonly root: string
  readonly actor: string
  snapshot?: string
}

/** A viewer that is this far behind is hung up on: it comes back by itself, and is then told what is so by then. Bytes. */
export const MAX_BEHIND = 8 * 1024 * 1024
/** Ended processes that a viewer who comes late is still shown. */
const KEPT_ENDED = 50

const frame = (message: StatelyMessage): string => `data: ${JSON.stringify(message)}\n\n`

/** Passes messages on to all who look, and tells who comes late what there is: each actor and its newest snapshot. */
export class Audience {
  readonly #viewers = new Set<Viewer>()
  readonly #told = new Map<string, Told>()
  /** Roots that have ended, oldest first. */
  readonly #ended = new Set<string>()
  /** Called when the first one comes, before it is told anything. */
  onFirst: () => void = () => {}
  /** Called when the last one has gone. */
  onLast: () => void = () => {}

  get size(): number {
    return this.#viewers.size
  }

  join(viewer: Viewer): () => void {
    if (this.#viewers.size === 0) this.onFirst()
    for (const { actor, snapshot = '' } of this.#told.values()) viewer.send(actor + snapshot)
    this.#viewers.add(viewer)
    return () => {
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.onLast()
    }
  }

  tell(message: StatelyMessage): void {
    const text = frame(message)
    this.#note(message, text)
    for (const viewer of this.#viewers) {
      if (viewer.send(text)) continue
      viewer.end()
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.onLast()
    }
  }

  /** As if nothing had been told. */
  forget(): void {
    this.#told.clear()
    this.#ended.clear()
  }

  /** Tells all that there is no more to come. */
  close(): void {
    for (const viewer of this.#viewers) {
      viewer.send('event: end\ndata:\n\n')
      viewer.end()
    }
    this.#viewers.clear()
  }

  #note(message: StatelyMessage, text: string): void {
    const { sessionId, rootId } = message
    if (message.type === '@xstate.actor') this.#told.set(sessionId, { root: rootId, actor: text })
    const told = this.#told.get(sessionId)
    if (message.type !== '@xstate.snapshot' || told === undefined) return
    told.snapshot = text
    if (message.snapshot.status === 'active') return
    if (sessionId !== rootId) return void this.#told.delete(sessionId)
    for (const [id, { root }] of this.#told) if (root === sessionId && id !== sessionId) this.#told.delete(id)
    this.#ended.add(sessionId)
    const [oldest] = this.#ended
    if (this.#ended.size <= KEPT_ENDED || oldest === undefined) return
    this.#ended.delete(oldest)
    this.#told.delete(oldest)
  }
}
