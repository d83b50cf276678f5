const DEEPEST = 12

/**
 * A JSON copy of anything that an actor may hold: functions by name, errors by message, cycles cut.
 * Never throws.
 */
export function jsonCopy(value: unknown, depth = 0, around: readonly object[] = []): unknown {
  switch (typeof value) {
    case 'function':
      return { type: value.name }
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'object': {
      if (value === null) return null
      if (around.includes(value)) return '[circular]'
      if (depth > DEEPEST) return '[deep]'
      return copy(value, depth + 1, [...around, value])
    }
    default:
      return value
  }
}

function copy(value: object, depth: number, around: readonly object[]): unknown {
  try {
    if (value instanceof Error) return { name: value.name, message: value.message }
    if (Array.isArray(value)) return value.map(item => jsonCopy(item, depth, around))
    if ('toJSON' in value && typeof value.toJSON === 'function') return jsonCopy(value.toJSON(), depth, around)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonCopy(item, depth, around)]))
  } catch (error) {
    // A getter or a `toJSON` of the user has thrown.
    return `[${String(error)}]`
  }
}
