import { check } from '../record/check.ts'

export const REDACTED = '[redacted]'

/** `..` is any number of steps down, `*` any key or index. */
type Part = string | typeof ANY | typeof DEEP
const ANY = Symbol('*')
const DEEP = Symbol('..')

const TOKEN = /\.\.|\.(?=[^.[])|\[\*\]|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\*|[^.[\]*]+/gy

function parse(path: string): Part[] | undefined {
  if (!path.startsWith('$')) return undefined
  const parts: Part[] = []
  TOKEN.lastIndex = 1
  while (TOKEN.lastIndex < path.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(path)
    if (match === null || match.index !== at) return undefined
    const [token, index, quoted] = match
    if (token === '.') continue
    if (token === '..') parts.push(DEEP)
    else if (token === '*' || token === '[*]') parts.push(ANY)
    else parts.push(index ?? (quoted === undefined ? token : (JSON.parse(`"${quoted}"`) as string)))
  }
  return parts.at(-1) === DEEP ? undefined : parts
}

/** @throws TypeError if one is no path */
export const checkRedact = check<readonly string[]>(
  `an array of paths such as '$.password', '$.users[*].token' or '$..secret'`,
  paths => Array.isArray(paths) && paths.every(path => typeof path === 'string' && parse(path) !== undefined),
)

/**
 * Makes a function that replaces what stands at these paths of a JSON value by `[redacted]`, in a
 * copy. Paths are as in JSONPath: `$.password`, `$.users[*].token`, `$..secret` (at any depth).
 */
export function redactor(paths: readonly string[]): (value: unknown) => unknown {
  const parsed = paths.flatMap(path => {
    const parts = parse(path)
    return parts ? [parts] : []
  })
  if (parsed.length === 0) return value => value
  return value => parsed.reduce((redacted, parts) => hide(redacted, parts, 0), value)
}

function hide(value: unknown, parts: readonly Part[], at: number): unknown {
  const part = parts[at]
  if (part === undefined) return REDACTED
  if (part === DEEP) {
    const here = hide(value, parts, at + 1)
    return mapChildren(here, (_, child) => hide(child, parts, at))
  }
  return mapChildren(value, (key, child) => (part === ANY || part === key ? hide(child, parts, at + 1) : child))
}

/** Copies a value. A key `__proto__` stays a key. */
function mapChildren(value: unknown, change: (key: string, child: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((child, index) => change(String(index), child))
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, change(key, child)]))
}
