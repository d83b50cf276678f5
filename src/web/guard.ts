import { hasToken } from './token.ts'

export interface Guard {
  /** Without a token, everybody who can reach the server is admitted. */
  readonly token: string | undefined
  /** The host names that are served, whatever the port. `undefined`: any. */
  readonly hosts: readonly string[] | undefined
}

export const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses requests without the token, from pages of other sites (Origin), and for other host names
 * (DNS rebinding). Returns `undefined` for a request that may pass.
 */
export function refusal(request: Request, { hosts, token }: Guard): Response | undefined {
  const url = new URL(request.url)
  const { headers, method } = request
  if (hosts && !hosts.includes(url.hostname))
    return text(403, `This page is not served under the name ${JSON.stringify(url.hostname)}`)
  if (token !== undefined && !hasToken(request, token))
    return text(401, 'This page needs its token: open the address that was printed')
  const origin = headers.get('origin')
  if (origin !== null && !isSame(origin, url)) return text(403, 'Only pages of this server may ask')
  if (method === 'GET' || method === 'HEAD') return undefined
  if (origin === null && headers.get('sec-fetch-site') !== 'same-origin')
    return text(403, 'Actions need a request of the page itself')
  if (!headers.get('content-type')?.startsWith('application/json')) return text(415, 'Actions need a body of JSON')
  return undefined
}

/** Compares host and port only, because a TLS proxy hides the scheme. */
const isSame = (origin: string, url: URL): boolean => URL.canParse(origin) && new URL(origin).host === url.host

export const text = (status: number, line: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(`${line}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } })
