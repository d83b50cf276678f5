import { toInfo } from '../record/info.ts'
import type { Store } from '../store/store.ts'
import { act, actionsOf, failureOf, type DashboardClient } from './actions.ts'
import { Feed } from './feed.ts'
import { ACTIONS, type Action } from './model.ts'
import { ProcessTopic } from './process-topic.ts'
import { EventStreams } from './streams.ts'

/** No action needs more. Bytes. */
const MAX_BODY = 1024 * 1024

/** What the page asks of the server. */
export class Api {
  readonly #store: Store
  readonly #actor: DashboardClient
  readonly #actions: readonly Action[]
  readonly #redact: (value: unknown) => unknown
  readonly #feed: Feed
  readonly #topics = new Map<string, ProcessTopic>()
  readonly #streams = new EventStreams()

  constructor(store: Store, actor: DashboardClient, readOnly: boolean, redact: (value: unknown) => unknown) {
    this.#store = store
    this.#actor = actor
    this.#actions = actionsOf(actor, readOnly)
    this.#redact = redact
    this.#feed = new Feed(store, this.#actions)
  }

  async answer(request: Request, path: string): Promise<Response> {
    const [collection, pid = '', part = '', id = ''] = path.split('/')
    try {
      if (request.method === 'POST' && collection === 'processes') return await this.#act(request, pid === '' ? 'submit' : part, pid)
      if (request.method !== 'GET') return new Response(null, { status: 405, headers: { allow: 'GET, POST' } })
      if (path === 'events') return this.#streams.open(this.#feed, request.signal)
      if (collection === 'processes' && pid !== '' && part === '') return await this.#process(pid)
      if (collection === 'processes' && part === 'events' && id === '') return this.#streams.open(this.#topic(pid), request.signal)
      if (collection === 'processes' && part === 'records' && /^\d+$/.test(id)) return await this.#record(pid, Number(id))
      return json({ message: 'There is nothing here' }, 404)
    } catch (error) {
      const { status, ...failure } = failureOf(error)
      return json(failure, status)
    }
  }

  close(): void {
    this.#streams.close()
    this.#feed.stop()
    for (const topic of this.#topics.values()) topic.stop()
  }

  async #process(pid: string): Promise<Response> {
    const stored = await this.#store.get(pid)
    if (!stored) return json({ code: 'ERR_UNKNOWN_PROCESS', message: `There is no process ${JSON.stringify(pid)}` }, 404)
    return json(this.#hide(toInfo(stored)))
  }

  /** One record of the journal, as the process was then. `data` is what the step was given. */
  async #record(pid: string, revision: number): Promise<Response> {
    const record = (await this.#store.history(pid))?.find(one => one.revision === revision)
    if (!record) return json({ message: `Process ${JSON.stringify(pid)} has no record ${revision}` }, 404)
    const data = record.data === undefined ? record.input : record.data
    return json({ ...this.#hide(toInfo({ record })), data: this.#redact(data), event: record.event, value: record.snapshot.value })
  }

  #hide<T extends { readonly input: unknown; readonly output?: unknown }>(info: T): T {
    return { ...info, input: this.#redact(info.input), ...('output' in info && { output: this.#redact(info.output) }) }
  }

  #topic(pid: string): ProcessTopic {
    for (const [other, topic] of this.#topics) if (other !== pid && !topic.listened && !topic.running) this.#topics.delete(other)
    const topic = this.#topics.get(pid) ?? new ProcessTopic(this.#store, pid, this.#redact)
    this.#topics.set(pid, topic)
    return topic
  }

  async #act(request: Request, action: string, pid: string): Promise<Response> {
    if (!(ACTIONS as readonly string[]).includes(action)) return json({ message: 'There is nothing here' }, 404)
    if (!this.#actions.includes(action as Action)) return json({ message: `This page cannot ${action} processes` }, 403)
    const text = await request.text()
    if (text.length > MAX_BODY) return json({ message: 'That is too much' }, 413)
    const body: unknown = text === '' ? {} : JSON.parse(text)
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new TypeError('Expected a JSON object')
    return json(await act(this.#actor, action as Action, pid, body as Record<string, unknown>))
  }
}

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
