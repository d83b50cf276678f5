import { storeAt } from '../client/store-at.ts'
import { storeOf } from '../client/store-of.ts'
import { checkRedact } from '../format/redact.ts'
import { check, checkFlag, checkOptions, isObject, mustBe } from '../record/check.ts'
import type { Store } from '../store/store.ts'
import { LOOPBACK } from '../web/guard.ts'
import { createToken, SHORTEST_TOKEN } from '../web/token.ts'
import type { DashboardClient } from './act.ts'

/** Options of `dashboard`. */
export interface DashboardOptions {
  /**
   * A store, or the path of one. Default: the store of `client`; without a client '.stepwright'.
   */
  readonly store?: string | Store | undefined
  /**
   * A runtime or a client, which carries out what viewers ask for: the page shows its store.
   * Default: a client of the page's own.
   */
  readonly client?: DashboardClient | undefined
  /** Whether viewers can only look. Default false. */
  readonly readOnly?: boolean | undefined
  /**
   * Paths to hide in inputs, outputs, fields of logs and chunks of streams, such as `$.password` or
   * `$..token`.
   */
  readonly redact?: readonly string[] | undefined
  /**
   * What viewers must know: they open the page with `?token=...` once, and a cookie keeps it. A
   * string of at least 16 characters. `false` lets in whoever reaches the handler, for an app that
   * has asked before who it is. Default: a random one, in `token` of the result.
   */
  readonly token?: string | false | undefined
  /**
   * The host names under which the page may be asked for. Default: any; without a token those of
   * the loopback interface.
   */
  readonly hosts?: readonly string[] | undefined
  /** Where an app has put the page. Default: '/'. */
  readonly path?: string | undefined
}

/** The error tells only the length of the received token, which may be a secret. */
function checkToken(token: unknown, what: string): string | false {
  if (token === false || (typeof token === 'string' && token.length >= SHORTEST_TOKEN)) return token
  const rule = `a string of at least ${SHORTEST_TOKEN} characters, or false`
  throw typeof token === 'string'
    ? new TypeError(`${what} must be ${rule}; received ${token.length} characters`)
    : mustBe(what, rule, token)
}

const CHECKS = {
  store: check<string | Store>(
    'a path or a store',
    store => typeof store === 'string' || (isObject(store) && typeof store['changes'] === 'function'),
  ),
  client: check<DashboardClient>('a runtime or a client', isObject),
  readOnly: checkFlag,
  redact: checkRedact,
  token: checkToken,
  hosts: check<readonly string[]>(
    'an array of host names',
    hosts => Array.isArray(hosts) && hosts.every(host => typeof host === 'string'),
  ),
  path: check<string>(
    `a path such as '/processes'`,
    path => typeof path === 'string' && /^\/([\w.~-]+\/?)*$/.test(path),
  ),
}

/** @throws TypeError */
export function checkDashboardOptions(options: DashboardOptions) {
  const checked = checkOptions(options, 'dashboard()', CHECKS)
  const { client, readOnly = false, redact = [], token = createToken(), path = '/' } = checked
  const hosts = checked.hosts ?? (token === false ? LOOPBACK : undefined)
  return {
    ...storeFor(checked.store, client),
    client,
    readOnly,
    redact,
    hosts,
    token: token === false ? undefined : token,
    path: path.endsWith('/') ? path : `${path}/`,
  }
}

/**
 * One page, one store: with another one behind its buttons, people would steer what they do not
 * see.
 */
function storeFor(store: string | Store | undefined, client: DashboardClient | undefined) {
  const own = client && storeOf(client)
  if (own) {
    const isOther =
      typeof store === 'string' ? storeAt(store).location !== own.location : store !== undefined && store !== own
    if (isOther) throw new TypeError(`store of dashboard() must be that of its client, ${own.location}: leave it out`)
    return { store: own, ownsStore: false }
  }
  if (client && store === undefined)
    throw new TypeError(
      'store of dashboard() must be given with a client that is neither a runtime nor a client of stepwright',
    )
  if (typeof store === 'object') return { store, ownsStore: false }
  return { store: storeAt(store ?? '.stepwright'), ownsStore: true }
}
