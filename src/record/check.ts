import { show } from './show.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/**
 * A misspelt option would silently do nothing: refuses every key that is not in `keys`.
 * @throws TypeError
 */
export function checkOptions(options: unknown, what: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${what} must be an object with ${keys.join(', ')}; received ${show(options)}`)
  }
  const unknown = Object.keys(options).find(key => !keys.includes(key))
  if (unknown !== undefined) throw new TypeError(`${what} has an unknown key ${show(unknown)}; the keys are ${keys.join(', ')}`)
  return options as Record<string, unknown>
}

/** @throws TypeError if it is no Standard Schema. Some libraries make their schemas functions. */
export function checkSchema(schema: unknown, what: string): StandardSchemaV1 {
  const able = (typeof schema === 'object' && schema !== null) || typeof schema === 'function'
  const validate = able && (schema as Partial<StandardSchemaV1>)['~standard']?.validate
  if (typeof validate === 'function') return schema as StandardSchemaV1
  throw new TypeError(`${what} must be a Standard Schema (Zod, Valibot, ArkType ...) or typed<T>(); received ${show(schema)}`)
}

export function checkFunction<F extends (...args: any[]) => unknown>(value: unknown, what: string): F {
  if (typeof value === 'function') return value as F
  throw new TypeError(`${what} must be a function; received ${show(value)}`)
}
