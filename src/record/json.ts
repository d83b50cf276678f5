import type { Json } from './record.ts'
import { StepwrightError } from '../errors.ts'
import { hint } from './json-hint.ts'
import { formatPath } from './path.ts'

/**
 * Deep enough for any data, shallow enough for every recursive walk after this one,
 * `JSON.stringify` included.
 */
const MAX_DEPTH = 1000

/**
 * `size` is a lower bound of the bytes of JSON walked so far. What JSON really takes is at most 13
 * times as much: the worst cases are a one-digit guess for a number of 24 characters and one byte
 * for a character that JSON escapes with six.
 */
interface Walk {
  size: number
  readonly maxBytes: number
}
const MAX_UNDERESTIMATE = 13

/**
 * A failure on its way up. Each level adds its key and itself, so that a walk that succeeds never
 * builds a path.
 */
class Failure {
  /** Innermost first. */
  readonly keys: PropertyKey[] = []
  readonly ancestors: object[] = []
  readonly kind: 'not-json' | 'too-deep' | 'too-large'
  readonly reason: string
  readonly cause: unknown
  constructor(kind: Failure['kind'], reason: string, cause?: unknown) {
    this.kind = kind
    this.reason = reason
    this.cause = cause
  }
}

const notJson = (value: unknown): Failure => new Failure('not-json', `is ${hint(value)}`)

const unreadable = (cause: unknown): Failure =>
  new Failure('not-json', 'cannot be read: a getter or proxy threw', cause)

function passUp(thrown: unknown, ancestor: object, key: PropertyKey | undefined): Failure {
  const failure = thrown instanceof Failure ? thrown : unreadable(thrown)
  if (key !== undefined) failure.keys.push(key)
  failure.ancestors.push(ancestor)
  return failure
}

/** Other realms have an Object.prototype and an Array.prototype of their own. */
const isObjectPrototype = (proto: object | null): boolean =>
  proto === Object.prototype ||
  (proto !== null && Object.getPrototypeOf(proto) === null && Object.hasOwn(proto, 'isPrototypeOf'))
const isArrayPrototype = (proto: object | null): boolean =>
  proto === Array.prototype || (Array.isArray(proto) && isObjectPrototype(Object.getPrototypeOf(proto)))

/** A JSON key `__proto__` is a key like any other and must not set the prototype. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/**
 * Counts the brackets of a container, and stops walks that would never end: cycles, and values
 * shared so often that the copy explodes.
 */
function enter(depth: number, walk: Walk, minSize: number): void {
  if (depth === MAX_DEPTH)
    throw new Failure('too-deep', `is nested too deeply (more than ${MAX_DEPTH} levels): return a flat list`)
  if (walk.size + minSize > walk.maxBytes) throw new Failure('too-large', '')
  walk.size += 1
}

function copyArray(value: readonly unknown[], depth: number, walk: Walk): Json[] {
  let index: number | undefined
  try {
    if (!isArrayPrototype(Object.getPrototypeOf(value))) throw notJson(value)
    if (Object.hasOwn(value, 'index'))
      throw new Failure('not-json', 'is the match of a RegExp: return [...match], or its groups')
    const { length } = value
    enter(depth, walk, length * 2)
    const copy: Json[] = []
    for (index = 0; index < length; index++) {
      const item = value[index]
      copy.push(copyValue(item === undefined ? null : item, depth + 1, walk))
    }
    return copy
  } catch (error) {
    throw passUp(error, value, index)
  }
}

function copyObject(value: object, depth: number, walk: Walk): Json {
  let key: string | symbol | undefined
  try {
    const proto: object | null = Object.getPrototypeOf(value)
    if (proto !== null && !isObjectPrototype(proto)) throw notJson(value)
    enter(depth, walk, 0)
    const copy: Record<string, Json> = {}
    for (key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key]
      if (item === undefined) continue
      walk.size += key.length + 3
      put(copy, key, copyValue(item, depth + 1, walk))
    }
    for (key of Object.getOwnPropertySymbols(value)) {
      if (Object.prototype.propertyIsEnumerable.call(value, key))
        throw new Failure('not-json', 'has a symbol as its key: use a string')
    }
    return copy
  } catch (error) {
    throw passUp(error, value, key)
  }
}

/** Sizes include the comma after a value. */
function copyValue(value: unknown, depth: number, walk: Walk): Json {
  switch (typeof value) {
    case 'string':
      walk.size += value.length + 3
      return value
    case 'number':
      if (!Number.isFinite(value)) throw notJson(value)
      walk.size += 2
      return value === 0 ? 0 : value
    case 'boolean':
      walk.size += 5
      return value
    case 'object':
      walk.size += 1
      if (value !== null) return Array.isArray(value) ? copyArray(value, depth, walk) : copyObject(value, depth, walk)
      walk.size += 4
      return null
    default:
      throw notJson(value)
  }
}

/** The path at which a value contains itself, if that is why it is too deep or too large. */
function cycleOf({ kind, keys, ancestors }: Failure): PropertyKey[] | undefined {
  if (kind === 'not-json') return undefined
  const path = keys.toReversed()
  const seen = new Set<object>()
  for (const [depth, ancestor] of ancestors.toReversed().entries()) {
    if (seen.has(ancestor)) return path.slice(0, depth)
    seen.add(ancestor)
  }
  return undefined
}

function tooLarge(size: string, maxBytes: number, cause?: unknown): StepwrightError {
  const message = `Too large: ${size} bytes of JSON, the limit is ${maxBytes}: write a file and return its path`
  return new StepwrightError('ERR_RECORD_TOO_LARGE', message, cause === undefined ? undefined : { cause })
}

function toError(failure: Failure, maxBytes: number): StepwrightError {
  const cycle = cycleOf(failure)
  if (failure.kind === 'too-large' && cycle === undefined) return tooLarge(`more than ${maxBytes}`, maxBytes)
  const path = formatPath(cycle ?? failure.keys.toReversed())
  const reason = cycle ? 'leads back to an object that contains it (a cycle): return its id instead' : failure.reason
  return new StepwrightError(
    'ERR_NOT_JSON',
    `Not JSON: ${path} ${reason}`,
    failure.cause === undefined ? undefined : { cause: failure.cause },
  )
}

/** @returns undefined if JSON.stringify cannot make a string that long. */
function exactBytes(json: Json): number | undefined {
  try {
    return Buffer.byteLength(JSON.stringify(json))
  } catch {
    return undefined
  }
}

/**
 * The JSON boundary: a copy of exactly what will be stored. `undefined` becomes null, undefined
 * properties are dropped, -0 becomes 0; whatever else JSON would silently change is refused.
 * @throws StepwrightError `ERR_NOT_JSON` with the path (`$.pages[3].date`) and what to return
 * instead, or `ERR_RECORD_TOO_LARGE`
 */
export function toJson(value: unknown, maxBytes: number): Json {
  if (value === undefined) return null
  const walk: Walk = { size: 0, maxBytes }
  let json: Json
  try {
    json = copyValue(value, 0, walk)
  } catch (error) {
    throw toError(error instanceof Failure ? error : unreadable(error), maxBytes)
  }
  if (walk.size * MAX_UNDERESTIMATE <= maxBytes) return json
  if (walk.size - 1 > maxBytes) throw tooLarge(`more than ${maxBytes}`, maxBytes)
  const bytes = exactBytes(json)
  if (bytes === undefined || bytes > maxBytes) throw tooLarge(`${bytes ?? `more than ${maxBytes}`}`, maxBytes)
  return json
}

/** A fresh copy of a JSON value. */
export function copyJson(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(copyJson)
  const copy: Record<string, Json> = {}
  for (const key of Object.keys(json)) put(copy, key, copyJson((json as Record<string, Json>)[key] as Json))
  return copy
}
