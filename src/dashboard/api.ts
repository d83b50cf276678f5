import { infoOf } from '../client/select.ts'
import { toInfo, type ProcessInfo } from '../record/info.ts'
import type { Host } from '../record/host.ts'
import type { Store } from '../store/store.ts'
import { EventStreams } from '../web/event-streams.ts'
import { readBody } from '../web/read-body.ts'
import { atMostEvery } from './at-most-every.ts'
import { act, actionsOf, failureOf, type DashboardClient } from './act.ts'
import { streamSource } from './stream-source.ts'
import { StoreFeed } from './store-feed.ts'
import { ACTIONS, type Action } from './protocol.ts'
import { ProcessFeed } from './process-feed.ts'

/** How long what is known of the hosts may be used. */
const HOSTS_MS = 500
/** In bytes. No action needs more. */
const MAX_BODY = 1024 * 1024

/** The handlers of a resource, by method. */
type Resource = Readonly<Partial<Record<string, () => Promise<Response> | Response>>>

/** The HTTP interface of the page. */
export class Api {
  readonly #store: Store
  readonly #actor: DashboardClient
  readonly #actions: readonly Action[]
  readonly #redact: (value: unknown) => unknown
  readonly #storeFeed: StoreFeed
  readonly #processFeeds = new Map<string, ProcessFeed>()
  readonly #streams = new EventStreams()
  readonly #hosts: () => Promise<readonly Host[]>

  constructor(store: Store, actor: DashboardClient, readOnly: boolean, redact: (value: unknown) => unknown) {
    this.#store = store
    this.#actor = actor
    this.#actions = actionsOf(actor, readOnly)
    this.#redact = redact
    this.#hosts = atMostEvery(HOSTS_MS, () => store.hosts())
    this.#storeFeed = new StoreFeed(store, this.#actions)
  }

  /** @param path the rest of the path after `api/`, not decoded */
  async answer(request: Request, path: string): Promise<Response> {
    try {
      const resource = this.#find(request, partsOf(path))
      if (!resource) return json({ message: 'There is nothing here' }, 404)
      const answer = Object.hasOwn(resource, request.method) ? resource[request.method] : undefined
      if (answer) return await answer()
      return json({ message: `This cannot be asked for by ${request.method}` }, 405, {
        allow: Object.keys(resource).join(', '),
      })
    } catch (error) {
      const { status, ...failure } = failureOf(error)
      return json(failure, status)
    }
  }

  close(): void {
    this.#streams.close()
    this.#storeFeed.stop()
    for (const feed of this.#processFeeds.values()) feed.stop()
  }

  #find(request: Request, [collection, pid, part, id, ...more]: readonly string[]): Resource | undefined {
    const open = (feed: StoreFeed | ProcessFeed): Response => this.#streams.open(feed, request.signal)
    if (collection === 'events' && pid === undefined) return { GET: () => open(this.#storeFeed) }
    if (collection !== 'processes' || more.length > 0) return undefined
    if (pid === undefined) return { POST: () => this.#act(request, 'submit', '') }
    if (part === undefined) return { GET: () => this.#process(pid) }
    if (part === 'records' && id !== undefined && /^\d+$/.test(id)) return { GET: () => this.#record(pid, Number(id)) }
    if (id !== undefined) return undefined
    if (part === 'stream') return { GET: () => this.#stream(pid, request) }
    if (part === 'events') return { GET: () => open(this.#processFeed(pid)) }
    const action = ACTIONS.find(one => one === part)
    return action && { POST: () => this.#act(request, action, pid) }
  }

  async #stream(pid: string, request: Request): Promise<Response> {
    if (!(await this.#store.get(pid))) return unknownProcess(pid)
    return this.#streams.open(streamSource(this.#store, pid, request, this.#redact), request.signal)
  }

  async #process(pid: string): Promise<Response> {
    const stored = await this.#store.get(pid)
    if (!stored) return unknownProcess(pid)
    return json(this.#hide(await infoOf(this.#store, stored)))
  }

  /** The process as it was at one of its records, with the `data` that the step was given. */
  async #record(pid: string, revision: number): Promise<Response> {
    const record = (await this.#store.history(pid))?.find(one => one.revision === revision)
    if (!record) return json({ message: `Process ${JSON.stringify(pid)} has no record ${revision}` }, 404)
    const data = record.data === undefined ? record.input : record.data
    return json({
      ...this.#hide(toInfo({ record })),
      data: this.#redact(data),
      event: record.event,
      value: record.snapshot.value,
    })
  }

  #hide(info: ProcessInfo): ProcessInfo {
    const steps = info.steps.map(step =>
      step.machine && 'context' in step.machine
        ? { ...step, machine: { ...step.machine, context: this.#redact(step.machine.context) } }
        : step,
    )
    return {
      ...info,
      steps,
      input: this.#redact(info.input),
      ...('output' in info && { output: this.#redact(info.output) }),
    }
  }

  #processFeed(pid: string): ProcessFeed {
    for (const [other, feed] of this.#processFeeds)
      if (other !== pid && !feed.listened && !feed.running) this.#processFeeds.delete(other)
    const feed = this.#processFeeds.get(pid) ?? new ProcessFeed(this.#store, pid, this.#redact, this.#hosts)
    this.#processFeeds.set(pid, feed)
    return feed
  }

  async #act(request: Request, action: Action, pid: string): Promise<Response> {
    if (!this.#actions.includes(action)) return json({ message: `This page cannot ${action} processes` }, 403)
    const text = await readBody(request, MAX_BODY)
    if (text === undefined) return json({ message: `The body has more than ${MAX_BODY} bytes` }, 413)
    return json(await act(this.#actor, action, pid, toObject(text)))
  }
}

const unknownProcess = (pid: string): Response =>
  json({ code: 'ERR_UNKNOWN_PROCESS', message: `There is no process ${JSON.stringify(pid)}` }, 404)

/** @throws TypeError */
function partsOf(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch (error) {
    throw new TypeError('The address is malformed', { cause: error })
  }
}

/** @throws TypeError */
function toObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw new TypeError(`The body is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new TypeError('The body is not a JSON object')
}

const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
