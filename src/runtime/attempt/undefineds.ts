import type { MachineState } from '../../machines/context.ts'

type Path = readonly string[]

/**
 * Where the context of a persisted snapshot, and the contexts of the actors within it, have the
 * value `undefined`. It must be JSON otherwise.
 */
export function undefinedsIn(snapshot: unknown): Path[] {
  const found: Path[] = []
  inSnapshot(snapshot, [], found)
  return found
}

function inSnapshot(snapshot: unknown, path: Path, found: Path[]): void {
  const { context, children = {} } = (snapshot ?? {}) as {
    context?: unknown
    children?: Readonly<Record<string, { snapshot: unknown }>>
  }
  inValue(context, [...path, 'context'], found)
  for (const [id, child] of Object.entries(children))
    inSnapshot(child.snapshot, [...path, 'children', id, 'snapshot'], found)
}

function inValue(value: unknown, path: Path, found: Path[]): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value))
    if (inner === undefined) found.push([...path, key])
    else inValue(inner, [...path, key], found)
}

/** Puts `undefined` back where it was. JSON has dropped it, or, in a list, made it null. */
export function putUndefineds({ snapshot, undefineds = [] }: MachineState): void {
  for (const path of undefineds) {
    const holder = path
      .slice(0, -1)
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], snapshot)
    const key = path.at(-1) as string
    if (typeof holder === 'object' && holder !== null)
      Object.defineProperty(holder, key, { value: undefined, enumerable: true, configurable: true, writable: true })
  }
}
