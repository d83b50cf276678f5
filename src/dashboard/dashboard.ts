import type { IncomingMessage, ServerResponse } from 'node:http'
import { openClient } from '../client/open-client.ts'
import { storeAt } from '../client/store-at.ts'
import { redactor } from '../format/redact.ts'
import { Api } from './api.ts'
import { Assets } from './assets.ts'
import { refusal } from './guard.ts'
import { nodeHandler } from './node.ts'
import { checkDashboardOptions, type DashboardOptions } from './options.ts'

/** A web page for a store, to be put into an app. */
export interface Dashboard {
  /** Answers a request as `fetch` knows it: for Hono, Bun-style servers, route handlers. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Answers a request of Node's `http` server; may be given to Express's `use` too. */
  readonly node: (request: IncomingMessage, response: ServerResponse) => void
  /** Hangs up on all who look. A store or client that was given stays open. */
  close(): Promise<void>
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const NOT_BUILT = `The page of the dashboard is not built. In a checkout of stepwright run \`npm run build\` once.\n`

/**
 * A page that shows a store: its processes live, their charts, timelines, records and logs; and what may be done about them. Answers only requests
 * for names of the loopback interface, unless `hosts` or a `token` is given; who may see it is otherwise the app's business.
 *
 * @throws TypeError for a wrong option
 * @example
 * const page = dashboard({ store: '.stepwright', client: runtime, path: '/processes', hosts: ['admin.example.com'] })
 * app.use('/processes', requireAdmin, (c) => page.fetch(c.req.raw))
 */
export function dashboard(options: DashboardOptions = {}): Dashboard {
  const checked = checkDashboardOptions(options)
  const { path } = checked
  const store = typeof checked.store === 'string' ? storeAt(checked.store) : checked.store
  const client = checked.client ?? openClient(store)
  const api = new Api(store, client, checked.readOnly, redactor(checked.redact))
  const assets = new Assets()

  async function answer(request: Request): Promise<Response> {
    const refused = refusal(request, checked)
    if (refused) return refused
    const { pathname } = new URL(request.url)
    if (`${pathname}/` === path) return new Response(null, { status: 308, headers: { location: path } })
    if (!pathname.startsWith(path)) return notFound()
    const rest = pathname.slice(path.length)
    if (rest.startsWith('api/')) return api.answer(request, rest.slice('api/'.length))
    if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
    return page(rest)
  }

  async function page(name: string): Promise<Response> {
    const asset = await assets.get(name === '' ? 'index.html' : name.replace(/^assets\//, ''))
    if (!asset)
      return name === '' ? new Response(NOT_BUILT, { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } }) : notFound()
    return new Response(asset.body, {
      headers: { 'content-type': asset.type, 'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache' },
    })
  }

  async function fetch(request: Request): Promise<Response> {
    const response = await answer(request)
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value)
    return response
  }

  return {
    fetch,
    node: nodeHandler(fetch),
    async close() {
      api.close()
      if (checked.client === undefined) await (client as ReturnType<typeof openClient>).close()
      if (typeof checked.store === 'string') await store.close()
    },
  }
}

const notFound = (): Response =>
  new Response('There is nothing here\n', { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } })
