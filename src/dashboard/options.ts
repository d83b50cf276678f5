import { check, checkFlag, checkOptions, isObject, mustBe } from '../record/check.ts'
import { checkRedact } from '../format/redact.ts'
import type { Store } from '../store/store.ts'
import type { DashboardClient } from './actions.ts'
import { LOOPBACK } from './guard.ts'

/** What a page shows, and to whom. */
export interface DashboardOptions {
  /** A store, or the path of one. Default: '.stepwright'. */
  readonly store?: string | Store | undefined
  /** Who carries out what viewers want: a runtime or a client of the same store. Default: a client of its own. */
  readonly client?: DashboardClient | undefined
  /** Nothing can be done, only seen. */
  readonly readOnly?: boolean | undefined
  /** Paths in inputs, outputs and logged fields that nobody is shown, such as `$.password` or `$..token`. */
  readonly redact?: readonly string[] | undefined
  /** Whoever looks must know it. At least 16 characters. */
  readonly token?: string | undefined
  /** Without a token: the host names under which the page may be asked for. Default: those of the loopback interface. */
  readonly hosts?: readonly string[] | undefined
  /** Where an app has put the page. Default: '/'. */
  readonly path?: string | undefined
}

const SHORTEST_TOKEN = 16

/** What was received is a secret, if a short one: the error says only how long it is. */
function checkToken(token: unknown, what: string): string {
  if (typeof token === 'string' && token.length >= SHORTEST_TOKEN) return token
  const rule = `a string of at least ${SHORTEST_TOKEN} characters`
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
  hosts: check<readonly string[]>('an array of host names', hosts => Array.isArray(hosts) && hosts.every(host => typeof host === 'string')),
  path: check<string>(`a path such as '/processes'`, path => typeof path === 'string' && /^\/([\w.~-]+\/?)*$/.test(path)),
}

/** @throws TypeError */
export function checkDashboardOptions(options: DashboardOptions) {
  const checked = checkOptions(options, 'dashboard()', CHECKS)
  const { store = '.stepwright', client, readOnly = false, redact = [], token, hosts = LOOPBACK, path = '/' } = checked
  return { store, client, readOnly, redact, token, hosts, path: path.endsWith('/') ? path : `${path}/` }
}
