import { show } from '../client/check.ts'
import { checkRedact } from '../format/redact.ts'
import type { Store } from '../store/store.ts'
import type { Actor } from './actions.ts'
import { LOOPBACK } from './guard.ts'

/** What a page shows, and to whom. */
export interface DashboardOptions {
  /** A store, or the path of one. Default: '.stepwright'. */
  readonly store?: string | Store | undefined
  /** Who carries out what viewers want: a runtime or a client of the same store. Default: a client of its own. */
  readonly client?: Actor | undefined
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

const KNOWN = ['store', 'client', 'readOnly', 'redact', 'token', 'hosts', 'path']
const SHORTEST_TOKEN = 16

/** @throws TypeError */
export function checkOptions(options: DashboardOptions) {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`dashboard(options): expected an object, received ${show(options)}`)
  const strange = Object.keys(options).find(key => !KNOWN.includes(key))
  if (strange !== undefined) throw new TypeError(`dashboard: unknown option ${show(strange)}. Known are ${KNOWN.join(', ')}`)
  const { store = '.stepwright', client, readOnly = false, redact, token, hosts = LOOPBACK, path = '/' } = options
  if (typeof store !== 'string' && typeof store?.changes !== 'function')
    throw new TypeError(`dashboard({ store }): expected a directory or a store, received ${show(store)}`)
  if (client !== undefined && (typeof client !== 'object' || client === null))
    throw new TypeError(`dashboard({ client }): expected a runtime or a client, received ${show(client)}`)
  if (typeof readOnly !== 'boolean') throw new TypeError(`dashboard({ readOnly }): expected true or false, received ${show(readOnly)}`)
  if (token !== undefined && (typeof token !== 'string' || token.length < SHORTEST_TOKEN))
    throw new TypeError(
      `dashboard({ token }): expected at least ${SHORTEST_TOKEN} characters, received ${typeof token === 'string' ? `${token.length} of them` : show(token)}`,
    )
  if (!Array.isArray(hosts) || hosts.some(host => typeof host !== 'string'))
    throw new TypeError(`dashboard({ hosts }): expected an array of host names, received ${show(hosts)}`)
  if (typeof path !== 'string' || !/^\/([\w.~-]+\/?)*$/.test(path))
    throw new TypeError(`dashboard({ path }): expected a path such as '/processes', received ${show(path)}`)
  return {
    store,
    client,
    readOnly,
    token,
    hosts: hosts as readonly string[],
    redact: checkRedact(redact, 'dashboard({ redact })'),
    path: path.endsWith('/') ? path : `${path}/`,
  }
}
