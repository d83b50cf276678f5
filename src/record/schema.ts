import { isPid } from './pid.ts'

/**
 * What a stored document must look like: says where a value does not fit (`.steps.read.attempt`; ''
 * is the value itself), or `undefined` if it fits. Keys that a schema does not name are let
 * through: a later version may have added them.
 */
export type Schema = (value: unknown) => string | undefined

const fits = (is: boolean): string | undefined => (is ? undefined : '')

/** The last moment that a Date can tell, in milliseconds. */
const MAX_TIME_MS = 8.64e15

export const text: Schema = value => fits(typeof value === 'string')
export const number: Schema = value => fits(Number.isFinite(value))
export const integer: Schema = value => fits(Number.isSafeInteger(value))
/** Epoch milliseconds. */
export const time: Schema = value => fits(typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS)
export const pid: Schema = value => fits(isPid(value))
/** Whatever JSON can say. */
export const json: Schema = value => fits(value !== undefined)

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function oneOf(...values: readonly unknown[]): Schema {
  const known = new Set(values)
  return value => fits(known.has(value))
}

export const eitherOf =
  (...schemas: readonly Schema[]): Schema =>
  value =>
    fits(schemas.some(schema => schema(value) === undefined))

export const optional =
  (schema: Schema): Schema =>
  value =>
    value === undefined ? undefined : schema(value)

/** For a schema that contains itself. */
export const lazy =
  (schema: () => Schema): Schema =>
  value =>
    schema()(value)

/** An object of type T: each key of the type has to be named. */
export function object<T>(fields: { readonly [K in keyof Required<T>]: Schema }): Schema {
  const entries = Object.entries<Schema>(fields)
  return value => {
    if (!isObject(value)) return ''
    for (const [key, schema] of entries) {
      // Never what every object inherits.
      const wrong = schema(Object.hasOwn(value, key) ? value[key] : undefined)
      if (wrong !== undefined) return `.${key}${wrong}`
    }
    return undefined
  }
}

/** An object with any keys. */
export const recordOf =
  (schema: Schema): Schema =>
  value => {
    if (!isObject(value)) return ''
    for (const key of Object.keys(value)) {
      const wrong = schema(value[key])
      if (wrong !== undefined) return `.${key}${wrong}`
    }
    return undefined
  }

export const listOf =
  (schema: Schema): Schema =>
  value => {
    if (!Array.isArray(value)) return ''
    for (const [i, item] of value.entries()) {
      const wrong = schema(item)
      if (wrong !== undefined) return `[${i}]${wrong}`
    }
    return undefined
  }

/** A list of so many values, each with a schema of its own. */
export const tupleOf =
  (...schemas: readonly Schema[]): Schema =>
  value => {
    if (!Array.isArray(value) || value.length !== schemas.length) return ''
    for (const [i, schema] of schemas.entries()) {
      const wrong = schema(value[i])
      if (wrong !== undefined) return `[${i}]${wrong}`
    }
    return undefined
  }

/** @throws what does not fit */
export function mustFit(schema: Schema, value: unknown): void {
  let wrong: string | undefined
  try {
    wrong = schema(value)
  } catch (error) {
    if (error instanceof RangeError) throw new Error('it is nested too deeply', { cause: error })
    throw error
  }
  if (wrong === undefined) return
  throw new Error(
    wrong === ''
      ? 'it is not what it should be'
      : `its \`${wrong.slice(wrong.startsWith('.') ? 1 : 0)}\` is wrong or missing`,
  )
}
