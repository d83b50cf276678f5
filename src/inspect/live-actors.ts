import type { AnyActorRef, InspectionEvent } from 'xstate'
import type { Broadcast } from './broadcast.ts'
import { jsonCopy } from './json-copy.ts'
import { message, type SnapshotMessage, type StatelyMessage } from './messages.ts'

interface Live {
  readonly ref: AnyActorRef
  readonly rootId: string
  told: boolean
  ended: boolean
}

/** Something that viewers are still to be told of an actor: that it is there, or a transition. Snapshots never change once they are made. */
interface News {
  readonly live: Live
  readonly transition?: { readonly event: { readonly type: string }; readonly snapshot: unknown }
}

/** Telling takes at most so much of each turn: the rest of the time belongs to the program. */
const TURN_MS = 50
const BUDGET_MS = 1
/** With more than this to tell, all but the newest of each actor is left out. */
const MAX_NEWS = 5000
const MAX_NEW_PER_SECOND = 100
const MIN_PROCESSES = 1000

/**
 * Follows the actors of a program. While nobody looks it only knows which there are. What viewers are told is made in small pieces between the
 * program's own work: a program in a hurry is shown with gaps, and never slowed down.
 */
export class LiveActors {
  readonly #broadcast: Broadcast
  /** Session ids are unique in one Node process only. */
  readonly #prefix: string
  readonly #redact: (value: unknown) => unknown
  readonly #live = new Map<string, Live>()
  /** Oldest first. */
  #news: News[] = []
  #maxNews = MAX_NEWS
  readonly #definitions = new WeakMap<object, string>()
  #timer: NodeJS.Timeout | undefined
  /** Processes of runtimes, ended ones among them until there are too many. */
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
      this.#news = []
      for (const ref of this.#processes) this.#attach(ref)
      for (const live of this.#live.values()) {
        live.told = false
        this.#add({ live })
      }
    }
  }

  /** A process that is about to begin. It is looked at only while somebody looks here. */
  add(ref: AnyActorRef): void {
    this.#processes.add(ref)
    if (this.#processes.size > this.#maxProcesses) {
      for (const one of this.#processes) if (one !== ref && one.getSnapshot().status !== 'active') this.#processes.delete(one)
      this.#maxProcesses = Math.max(MIN_PROCESSES, 2 * this.#processes.size)
    }
    if (this.#broadcast.size > 0 && this.#mayAttach()) this.#attach(ref)
  }

  note(event: InspectionEvent): void {
    if (event.type !== '@xstate.actor' && event.type !== '@xstate.snapshot') return
    const ref = event.actorRef as AnyActorRef
    const looked = this.#broadcast.size > 0
    if (event.type === '@xstate.actor') {
      const live: Live = { ref, rootId: event.rootId, told: false, ended: false }
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

  /** Tells all that there is to tell, however long it takes. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const news of this.#news) this.#tell(news)
    this.#news = []
  }

  #attach(ref: AnyActorRef): void {
    if (this.#attached.has(ref) || ref.getSnapshot().status !== 'active') return
    // What is there already is not told by XState.
    for (const actor of [
      ref,
      ...Object.values((ref.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef>> }).children ?? {}),
    ])
      this.note({ type: '@xstate.actor', actorRef: actor, rootId: ref.sessionId })
    this.#attached.set(ref, ref.system.inspect({ next: (event: InspectionEvent) => this.note(event) }))
  }

  /** Nobody can look at more that are new; and those that are looked at are slower. */
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
    this.#news = []
  }

  #add(news: News): void {
    this.#news.push(news)
    if (this.#news.length > this.#maxNews) this.#thin()
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref()
  }

  /** Leaves the newest of each actor, and nothing of those that came and went meanwhile. */
  #thin(): void {
    const newest = new Map<Live, News>()
    for (const news of this.#news) {
      newest.delete(news.live)
      newest.set(news.live, news)
    }
    this.#news = [...newest.values()].filter(({ live }) => live.told || !live.ended)
    this.#maxNews = Math.max(MAX_NEWS, 2 * this.#news.length)
  }

  #turn(): void {
    this.#timer = undefined
    const until = performance.now() + BUDGET_MS
    let told = 0
    while (told < this.#news.length && performance.now() < until) this.#tell(this.#news[told++]!)
    this.#news.splice(0, told)
    if (this.#news.length > 0) this.#timer = setTimeout(() => this.#turn(), TURN_MS).unref()
  }

  #tell({ live, transition }: News): void {
    const { ref } = live
    if (!live.told) this.#send(live, { type: '@xstate.actor', ...this.#introduction(live, transition?.snapshot) })
    live.told = true
    if (transition === undefined) return
    const event = this.#event(transition.event)
    this.#send(live, { type: '@xstate.event', event, ...(ref._parent && { sourceId: this.#prefix + ref._parent.sessionId }) })
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

  /** Only what is JSON: a snapshot also holds its machine and its children. */
  #snapshot(snapshot: unknown): SnapshotMessage {
    const { status, value, context, output, error } = snapshot as SnapshotMessage
    const copy = jsonCopy({ status, value, context, output, error }) as SnapshotMessage
    return { ...copy, context: this.#hide(copy.context), output: this.#hide(copy.output) }
  }

  #event(event: { readonly type: string }): { readonly type: string } {
    return onEntries(jsonCopy(event), (_, value) => this.#hide(value)) as { readonly type: string }
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
