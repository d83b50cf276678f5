// Every way in which a JSON document may be damaged at one of its fields.

type Path = readonly (string | number)[]

/** What a field is replaced with. */
export const REPLACEMENTS: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e300,
  '',
  'x',
  '../../escape',
  '__proto__',
  [],
  [null],
  {},
  { at: 'never' },
  JSON.parse('{"__proto__":{"a":1},"constructor":5}'),
  JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`),
]

/** The paths of all fields of a document, its own first. */
export function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]))]
}

/**
 * The document with one field changed by `change`, which gets what was there; `undefined` drops it.
 */
export function changed(value: unknown, [key, ...rest]: Path, change: (before: unknown) => unknown): unknown {
  if (key === undefined) return change(value)
  const entries = Object.entries(value as object).map(
    ([name, one]) => [name, name === String(key) ? changed(one, rest, change) : one] as const,
  )
  const kept = entries.filter(([, one]) => one !== undefined)
  if (Array.isArray(value)) return kept.map(([, one]) => one)
  // Merged so that an own `__proto__` stays one.
  const result: Record<string, unknown> = {}
  for (const [name, one] of kept)
    Object.defineProperty(result, name, { value: one, enumerable: true, configurable: true, writable: true })
  return result
}

/** Dropped, replaced, or nested. */
export const CHANGES: readonly ((before: unknown) => unknown)[] = [
  () => undefined,
  ...REPLACEMENTS.map(replacement => () => replacement),
  before => [before],
  before => ({ before }),
]
