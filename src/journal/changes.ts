import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../record/schema.ts'

/** The keys that lead to a value. */
export type Path = readonly string[]

type Values = Readonly<Record<string, unknown>>

/** What has changed of one JSON object: merged into the one before, it gives the one after. */
export interface Changes {
  /** What is new or has another value; objects within hold only what changed of them. */
  readonly values: Values
  /** What is gone. What is also among the values has taken the place of what was there. */
  readonly gone: readonly Path[]
  /** Lists that have grown: what was added at their end. */
  readonly more: readonly (readonly [Path, readonly unknown[]])[]
}

/** The keys that JSON keeps. */
const keysOf = (object: Values): string[] => Object.keys(object).filter(key => object[key] !== undefined)

/** Whether keys that were there come first, in the order in which they were. */
function isInOrder(before: Values, after: readonly string[]): boolean {
  const known = keysOf(before).filter(key => after.includes(key))
  return known.every((key, at) => after[at] === key)
}

/** What has changed from one object to another, key by key at every depth. */
export function changesOf(before: Values, after: Values): Changes {
  const gone: Path[] = []
  const more: (readonly [Path, readonly unknown[]])[] = []

  /** The values that changed; `undefined`: none, or only what `gone` and `more` say. */
  function valuesOf(from: Values, to: Values, path: Path): Values | undefined {
    const keys = keysOf(to)
    for (const key of keysOf(from)) if (!keys.includes(key)) gone.push([...path, key])
    const values = keys.flatMap(key => {
      const value = Object.hasOwn(from, key) ? valueOf(from[key], to[key], [...path, key]) : to[key]
      return value === undefined ? [] : [[key, value] as const]
    })
    return values.length === 0 ? undefined : Object.fromEntries(values)
  }

  function valueOf(from: unknown, to: unknown, path: Path): unknown {
    if (from === to) return undefined
    if (from === undefined) return to
    if (Array.isArray(from) && Array.isArray(to)) {
      const isLonger = from.length <= to.length && from.every((item, at) => isDeepStrictEqual(item, to[at]))
      if (!isLonger) return to
      if (to.length > from.length) more.push([path, to.slice(from.length)])
      return undefined
    }
    if (!isObject(from) || !isObject(to)) return to
    if (isInOrder(from, keysOf(to))) return valuesOf(from, to, path)
    gone.push(path)
    return to
  }

  return { values: valuesOf(before, after, []) ?? {}, gone, more }
}

/**
 * The object after the changes: the reverse of `changesOf`, down to the order of its keys.
 *
 * @throws an Error if they do not fit
 */
export function withChanges(before: Values, { values, gone, more }: Changes): Values {
  let after = before
  for (const [path, items] of more) after = changedAt(after, path, list => [...mustBeList(list, path), ...items])
  for (const path of gone) {
    const isReplaced = path.reduce<unknown>((at, key) => own(at, key), values) !== undefined
    // What is null is not merged with what takes its place.
    after = changedAt(after, path, () => (isReplaced ? null : undefined))
  }
  return merged(after, values)
}

/** Never what every object inherits. */
const own = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined

function mustBeList(value: unknown, path: Path): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw doesNotFit(path)
}

const doesNotFit = (path: Path): Error => new Error(`there is no \`${path.join('.')}\` before it`)

/** @param change returns `undefined` for a value that is gone */
function changedAt(object: Values, path: Path, change: (value: unknown) => unknown): Values {
  const [key, ...rest] = path
  const value = key === undefined ? undefined : own(object, key)
  if (key === undefined || value === undefined || (rest.length > 0 && !isObject(value))) throw doesNotFit(path)
  const changed = rest.length > 0 ? changedAt(value as Values, rest, change) : change(value)
  if (changed !== undefined) return { ...object, [key]: changed }
  const { [key]: _, ...others } = object
  return others
}

function merged(before: Values, values: Values): Values {
  const after: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(values)) {
    const known = own(before, key)
    const next = isObject(known) && isObject(value) ? merged(known, value) : value
    // An own key `__proto__` is data like any other.
    if (key === '__proto__') Object.defineProperty(after, key, { value: next, ...DATA })
    else after[key] = next
  }
  return after
}

const DATA = { enumerable: true, configurable: true, writable: true }
