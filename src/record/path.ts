import { escapeUnsafe } from './show.ts'

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/
const MAX_LENGTH = 200

function segment(key: PropertyKey): string {
  if (typeof key === 'number') return `[${key}]`
  if (typeof key === 'symbol') return `[${escapeUnsafe(String(key))}]`
  return IDENTIFIER.test(key) ? `.${key}` : `[${escapeUnsafe(JSON.stringify(key))}]`
}

/** A place in a value, e.g. `$.pages[3].date` or `$["a b"]`. Long ones lose their middle. */
export function formatPath(keys: readonly PropertyKey[]): string {
  const path = `$${keys.map(segment).join('')}`
  return path.length <= MAX_LENGTH ? path : `${path.slice(0, MAX_LENGTH - 50)}…${path.slice(-50)}`
}
