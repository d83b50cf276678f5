import { show } from './show.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/**
 * Checks one value from outside and returns what becomes of it. `what` names the value in the
 * error, e.g. `timeout of step 'read'`.
 * @throws TypeError of the form `<what> must be <rule>; received <value>`
 */
export type Check<T> = (value: unknown, what: string) => T

/**
 * The one form of an error for wrong use: the name, what to give instead, and the value received.
 */
export const mustBe = (what: string, rule: string, received: unknown): TypeError =>
  new TypeError(`${what} must be ${rule}; received ${show(received)}`)

/** A check that lets a value pass as it is. */
export const check =
  <T>(rule: string, test: (value: unknown) => boolean): Check<T> =>
  (value, what) => {
    if (test(value)) return value as T
    throw mustBe(what, rule, value)
  }

type Checks = Readonly<Record<string, Check<unknown>>>
/** What the checks return, by option; an option that was left out, or is undefined, is absent. */
export type Checked<C extends Checks> = { readonly [K in keyof C]?: ReturnType<C[K]> }

/**
 * Checks options by their names. An unknown name is refused, because a misspelt option would
 * silently do nothing.
 * @param owner whose options they are: `step 'read'`, `createRuntime()`
 * @param title names the options themselves in the error
 * @throws TypeError
 */
export function checkOptions<C extends Checks>(
  options: unknown,
  owner: string,
  checks: C,
  title: string = `options of ${owner}`,
): Checked<C> {
  const rule = `an object with ${Object.keys(checks).join(', ')}`
  if (!isObject(options)) throw mustBe(title, rule, options)
  const unknown = Object.keys(options).find(key => !Object.hasOwn(checks, key))
  if (unknown !== undefined) throw new TypeError(`${title} must be ${rule}; received the unknown key ${show(unknown)}`)
  const checked: Record<string, unknown> = {}
  for (const [key, checkOne] of Object.entries(checks))
    if (options[key] !== undefined) checked[key] = checkOne(options[key], `${key} of ${owner}`)
  return checked as Checked<C>
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isIntegerFrom = (min: number, value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= min

export const integerFrom = (min: number): Check<number> =>
  check(`an integer from ${min}`, value => isIntegerFrom(min, value))

/** For limits: `Infinity` is no limit. */
export const limitFrom = (min: number): Check<number> =>
  check(`an integer from ${min}, or Infinity`, value => value === Infinity || isIntegerFrom(min, value))

export const oneOf = <const T extends readonly (string | boolean)[]>(...values: T): Check<T[number]> =>
  check(values.map(value => show(value)).join(' or '), value => values.includes(value as T[number]))

export const checkFlag: Check<boolean> = oneOf(true, false)
export const checkText: Check<string> = check('a string', value => typeof value === 'string')
export const checkSignal: Check<AbortSignal> = check('an AbortSignal', value => value instanceof AbortSignal)

/** A class instance will do. */
export const checkServices: Check<object> = check('an object', value => typeof value === 'object' && value !== null)

export function checkFunction<F extends (...args: any[]) => unknown>(value: unknown, what: string): F {
  if (typeof value === 'function') return value as F
  throw mustBe(what, 'a function', value)
}

/** Some libraries make their schemas functions. */
export function checkSchema(schema: unknown, what: string): StandardSchemaV1 {
  const able = (typeof schema === 'object' && schema !== null) || typeof schema === 'function'
  const validate = able && (schema as Partial<StandardSchemaV1>)['~standard']?.validate
  if (typeof validate === 'function') return schema as StandardSchemaV1
  throw mustBe(what, 'a Standard Schema (Zod, Valibot, ArkType ...) or typed<T>()', schema)
}

const MAX_KEY_LENGTH = 1024

/** An idempotency key. */
export const checkKey: Check<string> = check(
  `a string of 1 to ${MAX_KEY_LENGTH} characters`,
  value => typeof value === 'string' && value !== '' && value.length <= MAX_KEY_LENGTH,
)

const MAX_LABELS_LENGTH = 16 * 1024

/** The labels of one process, copied. */
export function checkLabels(labels: unknown, what: string): Record<string, string> {
  if (!isObject(labels) || !Object.values(labels).every(value => typeof value === 'string'))
    throw mustBe(what, 'an object of strings', labels)
  if (JSON.stringify(labels).length > MAX_LABELS_LENGTH)
    throw mustBe(
      what,
      `at most ${MAX_LABELS_LENGTH} characters of JSON, to find a process by (data belongs in the input)`,
      labels,
    )
  return { ...(labels as Record<string, string>) }
}
