import { openClient } from '../client/open-client.ts'
import { redactor } from '../format/redact.ts'
import { refusal, text } from '../web/guard.ts'
import { nodeHandler, type NodeHandler } from '../web/node-handler.ts'
import { keepToken } from '../web/token.ts'
import { storeMetrics } from '../metrics/store-metrics.ts'
import { CONTENT_TYPE } from '../metrics/open-metrics.ts'
import { failureOf } from './act.ts'
import { Api } from './api.ts'
import { Assets } from './assets.ts'
import { atMostEvery } from './at-most-every.ts'
import { checkDashboardOptions, type DashboardOptions } from './dashboard-options.ts'

/** A web page for a store, as a handler for the server of an application. */
export interface Dashboard {
  /** Answers a `Request`: for Hono and other frameworks whose handlers take one. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Answers a request of Node's `http` server. Express's `use` accepts it too. */
  readonly node: NodeHandler
  /**
   * What viewers must know; `undefined` if nothing. Programs send it as `Authorization: Bearer`.
   */
  readonly token: string | undefined
  /** Disconnects all viewers. A store or client that was passed in stays open. */
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

/** How long metrics may be used: several collectors may ask at once. */
const METRICS_MS = 1000

const NOT_BUILT = 'The page of the dashboard is not built. In a checkout of stepwright run `npm run build` once.'

/**
 * A page that shows a store: its processes live, their charts, timelines, records and logs; and
 * what may be done about them. It is as private as the store: nobody sees it without the token,
 * unless `token` is `false` because the app asks by itself who may.
 *
 * @throws TypeError for a wrong option
 * @example
 * const page = dashboard({ client: runtime, path: '/processes', token: false, hosts: ['admin.example.com'] })
 * app.use('/processes', requireAdmin, (c) => page.fetch(c.req.raw))
 */
export function dashboard(options: DashboardOptions = {}): Dashboard {
  const checked = checkDashboardOptions(options)
  const { path, store, token, ownsStore } = checked
  const ownClient = checked.client ? undefined : openClient(store)
  const api = new Api(store, checked.client ?? ownClient!, checked.readOnly, redactor(checked.redact))
  const assets = new Assets()
  const newMetrics = atMostEvery(METRICS_MS, () => storeMetrics(store, Date.now()))

  async function answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    if (`${pathname}/` === path) return new Response(null, { status: 308, headers: { location: path + search } })
    if (!pathname.startsWith(path)) return text(404, 'There is nothing here')
    const rest = pathname.slice(path.length)
    if (rest.startsWith('api/')) return api.answer(request, rest.slice('api/'.length))
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return text(405, 'This page is only read', { allow: 'GET, HEAD' })
    return rest === 'metrics' ? metrics() : page(rest)
  }

  async function metrics(): Promise<Response> {
    try {
      return new Response(await newMetrics(), {
        headers: { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' },
      })
    } catch (error) {
      const { status, message } = failureOf(error)
      return text(status, message)
    }
  }

  async function page(name: string): Promise<Response> {
    const asset = await assets.get(name === '' ? 'index.html' : name.replace(/^assets\//, ''))
    if (!asset) return name === '' ? text(503, NOT_BUILT) : text(404, 'There is nothing here')
    return new Response(asset.body, {
      headers: {
        'content-type': asset.type,
        'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
    })
  }

  async function fetch(request: Request): Promise<Response> {
    const refused = refusal(request, checked)
    const response = refused ?? (await answer(request))
    if (!refused && token !== undefined) keepToken(request, response, path)
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value)
    return response
  }

  return {
    fetch,
    node: nodeHandler(fetch),
    token,
    async close() {
      api.close()
      await ownClient?.close()
      if (ownsStore) await store.close()
    },
  }
}
