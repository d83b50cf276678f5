import type { AnyActorRef, InspectionEvent } from 'xstate'
import type { Audience } from './audience.ts'
import { plain } from './plain.ts'
import { message, type SnapshotMessage, type StatelyMessage } from './messages.ts'

/** A transition that viewers are still to be told of. Snapshots never change once they are made. */
interface Transition {
  readonly event: { readonly type: string }
  readonly snapshot: unknown
}

interface Live {
  readonly ref: AnyActorRef
  readonly rootId: string
  told: boolean
  ended: boolean
  readonly pending: Transition[]
}

/** Telling takes at most so much of each turn: the rest of the time belongs to the program. */
const TURN_MS = 50
const BUDGET_MS = 1
/** Of one actor. The oldest ones are left out first, the newest never. */
const MAX_PENDING = 50
/** Actors that have ended before anybody could be told of them are forgotten past this many. */
const MAX_ENDED = 1000

/**
 * Follows the actors of a program. While nobody looks it only knows which there are. What viewers are told is made in small pieces between the
 * program's own work: a program in a hurry is shown with gaps, and never slowed down.
 */
export class LiveActors {
  readonly #audience: Audience
  /** Session ids are unique in one Node process only. */
  readonly #prefix: string
  readonly #redact: (value: unknown) => unknown
  readonly #live = new Map<string, Live>()
  /** Those with something to tell, the longest waiting first. */
  readonly #waiting = new Set<Live>()
  readonly #definitions = new WeakMap<object, string>()
  #timer: NodeJS.Timeout | undefined

  constructor(audience: Audience, prefix: string, redact: (value: unknown) => unknown) {
    this.#audience = audience
    this.#prefix = prefix
    this.#redact = redact
    audience.onFirst = () => {
      audience.forget()
      for (const live of this.#live.values()) {
        live.told = false
        live.pending.length = 0
        this.#wait(live)
      }
    }
  }

  note(event: InspectionEvent): void {
    if (event.type !== '@xstate.actor' && event.type !== '@xstate.snapshot') return
    const { sessionId } = event.actorRef as AnyActorRef
    if (event.type === '@xstate.actor') {
      const live: Live = { ref: event.actorRef as AnyActorRef, rootId: event.rootId, told: false, ended: false, pending: [] }
      this.#live.set(sessionId, live)
      if (this.#audience.size > 0) this.#wait(live)
      return
    }
    const live = this.#live.get(sessionId)
    if (live === undefined) return
    if ((event.snapshot as SnapshotMessage).status !== 'active') {
      live.ended = true
      this.#live.delete(sessionId)
    }
    if (this.#audience.size === 0) return
    live.pending.push({ event: event.event, snapshot: event.snapshot })
    if (live.pending.length > MAX_PENDING) live.pending.shift()
    this.#wait(live)
  }

  /** Tells all that there is to tell, however long it takes. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const live of this.#waiting) this.#tell(live)
    this.#waiting.clear()
  }

  #wait(live: Live): void {
    this.#waiting.add(live)
    if (this.#waiting.size > this.#live.size + MAX_ENDED) this.#forgetOne()
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref()
  }

  #forgetOne(): void {
    for (const live of this.#waiting) {
      if (!live.ended || live.told) continue
      this.#waiting.delete(live)
      return
    }
  }

  #turn(): void {
    this.#timer = undefined
    const until = performance.now() + BUDGET_MS
    for (const live of this.#waiting) {
      if (performance.now() > until) break
      this.#waiting.delete(live)
      this.#tell(live)
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#turn(), TURN_MS).unref()
  }

  #tell(live: Live): void {
    const { ref, pending } = live
    if (!live.told) this.#send(live, { type: '@xstate.actor', ...this.#introduction(live) })
    live.told = true
    for (const { event, snapshot } of pending.splice(0)) {
      this.#send(live, {
        type: '@xstate.event',
        event: this.#event(event),
        ...(ref._parent && { sourceId: this.#prefix + ref._parent.sessionId }),
      })
      this.#send(live, { type: '@xstate.snapshot', event: this.#event(event), snapshot: this.#snapshot(snapshot) })
    }
  }

  #introduction({ ref, pending }: Live) {
    const logic = (ref as { readonly logic?: { readonly config?: { readonly id?: string } } }).logic
    const machine = logic?.config?.id
    const name = machine === undefined || ref.id === machine ? ref.id : `${machine} ${ref.id}`
    const parent = ref._parent && { parentId: this.#prefix + ref._parent.sessionId }
    const snapshot = this.#snapshot(pending[0]?.snapshot ?? ref.getSnapshot())
    return { name, ...parent, definition: this.#definitionOf(logic, name), snapshot }
  }

  #definitionOf(logic: { readonly config?: object } | undefined, name: string): string {
    if (!logic?.config) return JSON.stringify({ id: name })
    let text = this.#definitions.get(logic.config)
    if (text === undefined) this.#definitions.set(logic.config, (text = JSON.stringify(plain(logic.config))))
    return text
  }

  #send({ ref, rootId }: Live, body: Parameters<typeof message>[2]): void {
    this.#audience.tell(message(this.#prefix + ref.sessionId, this.#prefix + rootId, body) satisfies StatelyMessage)
  }

  /** Only what is JSON: a snapshot also holds its machine and its children. */
  #snapshot(snapshot: unknown): SnapshotMessage {
    const { status, value, context, output, error } = snapshot as SnapshotMessage
    const copy = plain({ status, value, context, output, error }) as SnapshotMessage
    return { ...copy, context: this.#hide(copy.context), output: this.#hide(copy.output) }
  }

  #event(event: { readonly type: string }): { readonly type: string } {
    return onEntries(plain(event), (_, value) => this.#hide(value)) as { readonly type: string }
  }

  /** The data of a process stands by itself, or in one of these fields of a machine's context or of an attempt's result. */
  #hide(value: unknown): unknown {
    return onEntries(this.#redact(value), (key, part) => (['input', 'data', 'output'].includes(key) ? this.#redact(part) : part))
  }
}

function onEntries(value: unknown, change: (key: string, value: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(key, part)]))
}
