import { frame, type Frame, type Source, type Viewer } from '../web/event-streams.ts'
import type { StatelyMessage } from './messages.ts'

interface Actor {
  readonly root: string
  readonly introduction: Frame
  snapshot?: Frame
}

/** How many ended processes to send to viewers that join later. */
const KEPT_ENDED = 50

/**
 * Sends messages to all viewers. A viewer that joins later is first sent each actor with its newest
 * snapshot.
 */
export class Broadcast implements Source {
  readonly #viewers = new Set<Viewer>()
  readonly #actors = new Map<string, Actor>()
  /** Roots that have ended, oldest first. */
  readonly #ended = new Set<string>()
  /** Called when the first viewer comes, before anything is sent to it. */
  onFirst: () => void = () => {}
  /** Called when the last viewer has gone. */
  onLast: () => void = () => {}

  /** How many viewers there are. */
  get size(): number {
    return this.#viewers.size
  }

  join(viewer: Viewer): () => void {
    if (this.#viewers.size === 0) this.onFirst()
    for (const { introduction, snapshot } of this.#actors.values()) {
      viewer.send(introduction)
      if (snapshot) viewer.send(snapshot)
    }
    this.#viewers.add(viewer)
    return () => {
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.onLast()
    }
  }

  send(message: StatelyMessage): void {
    const bytes = frame(message)
    this.#note(message, bytes)
    for (const viewer of this.#viewers) viewer.send(bytes)
  }

  /** Forgets all actors. */
  forget(): void {
    this.#actors.clear()
    this.#ended.clear()
  }

  /** Tells all viewers that the stream has ended. */
  close(): void {
    const end = frame(undefined, 'end')
    for (const viewer of this.#viewers) {
      viewer.send(end)
      viewer.end()
    }
    this.#viewers.clear()
  }

  #note(message: StatelyMessage, bytes: Frame): void {
    const { sessionId, rootId } = message
    if (message.type === '@xstate.actor') this.#actors.set(sessionId, { root: rootId, introduction: bytes })
    const actor = this.#actors.get(sessionId)
    if (message.type !== '@xstate.snapshot' || actor === undefined) return
    actor.snapshot = bytes
    if (message.snapshot.status === 'active') return
    if (sessionId !== rootId) return void this.#actors.delete(sessionId)
    for (const [id, { root }] of this.#actors) if (root === sessionId && id !== sessionId) this.#actors.delete(id)
    this.#ended.add(sessionId)
    const [oldest] = this.#ended
    if (this.#ended.size <= KEPT_ENDED || oldest === undefined) return
    this.#ended.delete(oldest)
    this.#actors.delete(oldest)
  }
}
