import type { StandardSchemaV1 } from '../record/standard-schema.ts'

/** What `typed<T>()` returns: a schema that declares a type and checks nothing. */
export interface Typed<T> extends StandardSchemaV1<T, T> {
  readonly '~standard': StandardSchemaV1<T, T>['~standard'] & { readonly vendor: 'stepwright' }
}

/**
 * Declares a type where a schema is expected. Nothing is checked at run time.
 * @example defineProcess({ name: 'resize', input: typed<{ file: string }>(), services: typed<{ db: Db }>() })
 */
export function typed<T>(): Typed<T> {
  return { '~standard': { version: 1, vendor: 'stepwright', validate: value => ({ value: value as T }) } }
}
