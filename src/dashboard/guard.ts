import { createHash, timingSafeEqual } from 'node:crypto'

export interface Guard {
  /** Names under which the page may be asked for; ports do not matter. */
  readonly hosts: readonly string[]
  readonly token: string | undefined
  /** Where the page is, for its cookie. */
  readonly path: string
}

export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
/** Cookies do not tell ports apart: another page on this machine has another token. */
const cookieOf = (token: string): string => `stepwright-${hash(token).toString('hex', 0, 4)}`
const YEAR_S = 31_536_000

const refuse = (status: number, text: string): Response =>
  new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })

/**
 * What keeps strangers out: pages of other sites (Origin), names that were made to lead here (Host), and whoever has no token.
 * `undefined`: it may pass.
 */
export function refusal(request: Request, { hosts, token, path }: Guard): Response | undefined {
  const url = new URL(request.url)
  const { headers } = request
  // A name that leads here by DNS rebinding has no token's cookie.
  if (token === undefined && !hosts.includes(url.hostname))
    return refuse(403, `This page is not served under the name ${JSON.stringify(url.hostname)}`)
  const origin = headers.get('origin')
  if (origin !== null && !isSame(origin, url)) return refuse(403, 'Only pages of this server may ask')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const site = headers.get('sec-fetch-site')
    if (origin === null && site !== 'same-origin') return refuse(403, 'Actions need a request of the page itself')
    if (!headers.get('content-type')?.startsWith('application/json')) return refuse(415, 'Actions need a body of JSON')
  }
  if (token === undefined) return undefined
  const given = url.searchParams.get('token')
  if (given !== null && equal(given, token) && request.method === 'GET') return admit(url, token, path)
  return equal(given ?? bearer(headers) ?? cookie(headers, cookieOf(token)) ?? '', token)
    ? undefined
    : refuse(401, 'This page needs its token: open the address that was printed')
}

/** A proxy that speaks TLS hides the scheme: the name and the port must be the same. */
const isSame = (origin: string, url: URL): boolean => URL.canParse(origin) && new URL(origin).host === url.host

/** Takes the token out of the address, so that it is not in the history and not in links. */
function admit(url: URL, token: string, path: string): Response {
  url.searchParams.delete('token')
  const secure = url.protocol === 'https:' ? '; Secure' : ''
  return new Response(null, {
    status: 303,
    headers: {
      location: `${url.pathname}${url.search}`,
      'set-cookie': `${cookieOf(token)}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=${path}; Max-Age=${YEAR_S}${secure}`,
    },
  })
}

const bearer = (headers: Headers): string | undefined => /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1]

function cookie(headers: Headers, name: string): string | undefined {
  const pair = (headers.get('cookie') ?? '').split('; ').find(one => one.startsWith(`${name}=`))
  try {
    return pair && decodeURIComponent(pair.slice(name.length + 1))
  } catch {
    return undefined
  }
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
const equal = (a: string, b: string): boolean => timingSafeEqual(hash(a), hash(b))
