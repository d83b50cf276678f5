import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const RANDOM_BYTES = 24
/** The minimum length of a token that a user chooses. */
export const SHORTEST_TOKEN = 16

export const createToken = (): string => randomBytes(RANDOM_BYTES).toString('base64url')

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in constant time. */
const equal = (given: string, token: string): boolean => timingSafeEqual(hash(given), hash(token))

/**
 * Whether a request carries the token: in its address, as `Authorization: Bearer`, or in the cookie
 * that the address has set.
 */
export const hasToken = (request: Request, token: string): boolean =>
  [inAddress(request), bearer(request)].some(given => given !== undefined && equal(given, token)) ||
  cookies(request).some(given => equal(given, encodeURIComponent(token)))

const inAddress = (request: Request): string | undefined => new URL(request.url).searchParams.get('token') ?? undefined

const bearer = ({ headers }: Request): string | undefined =>
  /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1]

/**
 * Browsers share cookies between the ports of a host, so each port has a cookie name of its own.
 */
const cookieName = (request: Request): string => `stepwright-${new URL(request.url).port || 'token'}`

function cookies(request: Request): string[] {
  const start = `${cookieName(request)}=`
  const pairs = (request.headers.get('cookie') ?? '').split('; ').filter(pair => pair.startsWith(start))
  return pairs.map(pair => pair.slice(start.length))
}

/**
 * Stores the token of the address in a session cookie for everything below `path`. The page removes
 * it from its address itself: after a redirect, browsers would not send the cookie
 * (SameSite=Strict) if a link of another site led here.
 */
export function keepToken(request: Request, response: Response, path: string): void {
  const given = inAddress(request)
  if (given === undefined) return
  const secure = new URL(request.url).protocol === 'https:' ? '; Secure' : ''
  response.headers.set(
    'set-cookie',
    `${cookieName(request)}=${encodeURIComponent(given)}; HttpOnly; SameSite=Strict; Path=${path}${secure}`,
  )
  response.headers.set('cache-control', 'no-store')
}
