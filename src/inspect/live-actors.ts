import type { AnyActorRef, InspectionEvent } from 'xstate'
import type { Broadcast } from './broadcast.ts'
import { jsonCopy } from './json-copy.ts'
import { message, type SnapshotMessage, type StatelyMessage } from './messages.ts'

interface Live {
  readonly ref: AnyActorRef
  readonly rootId: string
  introduced: boolean
  ended: boolean
}

/**
 * An update that viewers have not been sent yet: a new actor, or a transition. Snapshots are
 * immutable.
 */
interface Update {
  readonly live: Live
  readonly transition?: { readonly event: { readonly type: string }; readonly snapshot: unknown }
}

/** The most time per turn to spend on sending: the rest belongs to the program. */
const TURN_MS = 50
const BUDGET_MS = 1
/** With more pending updates than this, only the newest of each actor is kept. */
const MAX_UPDATES = 5000
const MAX_NEW_PER_SECOND = 100
const MIN_PROCESSES = 1000

/**
 * Follows the actors of a program. Without viewers it only keeps a list of them. Messages for
 * viewers are made in small pieces between the work of the program, so viewers of a busy program
 * see gaps, and the program is not slowed down.
 */
export class LiveActors {
  readonly #broadcast: Broadcast
  /** Makes session ids, which are unique in one Node process only, unique everywhere. */
  readonly #prefix: string
  readonly #redact: (value: unknown) => unknown
  readonly #live = new Map<string, Live>()
  /** Oldest first. */
  #updates: Update[] = []
  #maxUpdates = MAX_UPDATES
  readonly #definitions = new WeakMap<object, string>()
  #timer: NodeJS.Timeout | undefined
  /** The processes of runtimes. Ended ones are removed when there are too many. */
  readonly #processes = new Set<AnyActorRef>()
  #maxProcesses = MIN_PROCESSES
  readonly #attached = new Map<AnyActorRef, { unsubscribe(): void }>()
  #attachedSince = 0
  #attachedCount = 0

  constructor(broadcast: Broadcast, prefix: string, redact: (value: unknown) => unknown) {
    this.#broadcast = broadcast
    this.#prefix = prefix
    this.#redact = redact
    broadcast.onLast = () => this.#leave()
    broadcast.onFirst = () => {
      broadcast.forget()
      this.#updates = []
      for (const ref of this.#processes) this.#attach(ref)
      for (const live of this.#live.values()) {
        live.introduced = false
        this.#add({ live })
      }
    }
  }

  /** Adds a process that is about to begin. It is observed only while there are viewers. */
  add(ref: AnyActorRef): void {
    this.#processes.add(ref)
    if (this.#processes.size > this.#maxProcesses) {
      for (const one of this.#processes)
        if (one !== ref && one.getSnapshot().status !== 'active') this.#processes.delete(one)
      this.#maxProcesses = Math.max(MIN_PROCESSES, 2 * this.#processes.size)
    }
    if (this.#broadcast.size > 0 && this.#mayAttach()) this.#attach(ref)
  }

  note(event: InspectionEvent): void {
    if (event.type !== '@xstate.actor' && event.type !== '@xstate.snapshot') return
    const ref = event.actorRef as AnyActorRef
    const looked = this.#broadcast.size > 0
    if (event.type === '@xstate.actor') {
      const live: Live = { ref, rootId: event.rootId, introduced: false, ended: false }
      this.#live.set(ref.sessionId, live)
      if (looked) this.#add({ live })
      return
    }
    const live = this.#live.get(ref.sessionId)
    if (live === undefined) return
    if ((event.snapshot as SnapshotMessage).status !== 'active') {
      live.ended = true
      this.#live.delete(ref.sessionId)
      this.#attached.delete(ref)
    }
    if (looked) this.#add({ live, transition: event })
  }

  /** Sends all pending updates at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const update of this.#updates) this.#sendUpdate(update)
    this.#updates = []
  }

  #attach(ref: AnyActorRef): void {
    if (this.#attached.has(ref) || ref.getSnapshot().status !== 'active') return
    // XState does not report actors that exist already.
    for (const actor of [
      ref,
      ...Object.values(
        (ref.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef>> }).children ?? {},
      ),
    ])
      this.note({ type: '@xstate.actor', actorRef: actor, rootId: ref.sessionId })
    this.#attached.set(ref, ref.system.inspect({ next: (event: InspectionEvent) => this.note(event) }))
  }

  /**
   * Limits how many new processes per second are observed: nobody can look at more, and observing
   * makes them slower.
   */
  #mayAttach(): boolean {
    const now = performance.now()
    if (now - this.#attachedSince > 1000) {
      this.#attachedSince = now
      this.#attachedCount = 0
    }
    return this.#attachedCount++ < MAX_NEW_PER_SECOND
  }

  #leave(): void {
    for (const [ref, attached] of this.#attached) {
      attached.unsubscribe()
      for (const [id, { rootId }] of this.#live) if (rootId === ref.sessionId) this.#live.delete(id)
    }
    this.#attached.clear()
    this.#updates = []
  }

  #add(update: Update): void {
    this.#updates.push(update)
    if (this.#updates.length > this.#maxUpdates) this.#thin()
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref()
  }

  /** Keeps the newest update of each actor, and none of actors that came and went meanwhile. */
  #thin(): void {
    const newest = new Map<Live, Update>()
    for (const update of this.#updates) {
      newest.delete(update.live)
      newest.set(update.live, update)
    }
    this.#updates = [...newest.values()].filter(({ live }) => live.introduced || !live.ended)
    this.#maxUpdates = Math.max(MAX_UPDATES, 2 * this.#updates.length)
  }

  #turn(): void {
    this.#timer = undefined
    const until = performance.now() + BUDGET_MS
    let sent = 0
    while (sent < this.#updates.length && performance.now() < until) this.#sendUpdate(this.#updates[sent++]!)
    this.#updates.splice(0, sent)
    if (this.#updates.length > 0) this.#timer = setTimeout(() => this.#turn(), TURN_MS).unref()
  }

  #sendUpdate({ live, transition }: Update): void {
    const { ref } = live
    if (!live.introduced) this.#send(live, { type: '@xstate.actor', ...this.#introduction(live, transition?.snapshot) })
    live.introduced = true
    if (transition === undefined) return
    const event = this.#event(transition.event)
    this.#send(live, {
      type: '@xstate.event',
      event,
      ...(ref._parent && { sourceId: this.#prefix + ref._parent.sessionId }),
    })
    this.#send(live, { type: '@xstate.snapshot', event, snapshot: this.#snapshot(transition.snapshot) })
  }

  #introduction({ ref }: Live, shown: unknown = ref.getSnapshot()) {
    const logic = (ref as { readonly logic?: { readonly config?: { readonly id?: string } } }).logic
    const machine = logic?.config?.id
    const name = machine === undefined || ref.id === machine ? ref.id : `${machine} ${ref.id}`
    const parent = ref._parent && { parentId: this.#prefix + ref._parent.sessionId }
    const snapshot = this.#snapshot(shown)
    return { name, ...parent, definition: this.#definitionOf(logic, name), snapshot }
  }

  #definitionOf(logic: { readonly config?: object } | undefined, name: string): string {
    if (!logic?.config) return JSON.stringify({ id: name })
    let text = this.#definitions.get(logic.config)
    if (text === undefined) this.#definitions.set(logic.config, (text = JSON.stringify(jsonCopy(logic.config))))
    return text
  }

  #send({ ref, rootId }: Live, body: Parameters<typeof message>[2]): void {
    this.#broadcast.send(message(this.#prefix + ref.sessionId, this.#prefix + rootId, body) satisfies StatelyMessage)
  }

  /** The JSON part of a snapshot, which also holds its machine and its children. */
  #snapshot(snapshot: unknown): SnapshotMessage {
    const { status, value, context, output, error } = snapshot as SnapshotMessage
    const copy = jsonCopy({ status, value, context, output, error }) as SnapshotMessage
    return { ...copy, context: this.#hide(copy.context), output: this.#hide(copy.output) }
  }

  #event(event: { readonly type: string }): { readonly type: string } {
    return onEntries(jsonCopy(event), (_, value) => this.#hide(value)) as { readonly type: string }
  }

  /**
   * Redacts data that stands by itself, or in one of these fields of a machine's context or of an
   * attempt's result.
   */
  #hide(value: unknown): unknown {
    return onEntries(this.#redact(value), (key, part) =>
      ['input', 'data', 'output'].includes(key) ? this.#redact(part) : part,
    )
  }
}

function onEntries(value: unknown, change: (key: string, value: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(key, part)]))
}
