import type { createInspector } from '@statelyai/inspect'

export type Adapter = Parameters<typeof createInspector>[0]
export type StatelyEvent = Parameters<Adapter['send']>[0]

interface Live {
  readonly actor: string
  readonly rootId: string | undefined
  snapshot?: string
}

/** What a viewer who comes late must be told: each live actor and its newest snapshot, as they were sent. */
export class LiveActors {
  readonly #live = new Map<string, Live>()

  note(event: StatelyEvent, message: string): void {
    const { sessionId } = event
    if (event.type === '@xstate.actor') this.#live.set(sessionId, { actor: message, rootId: event.rootId })
    const live = this.#live.get(sessionId)
    if (event.type !== '@xstate.snapshot' || live === undefined) return
    if (event.snapshot.status === 'active') live.snapshot = message
    else for (const [id, { rootId }] of this.#live) if (id === sessionId || rootId === sessionId) this.#live.delete(id)
  }

  messages(): string[] {
    return [...this.#live.values()].flatMap(({ actor, snapshot }) => (snapshot === undefined ? [actor] : [actor, snapshot]))
  }
}
