import type { StandardSchemaV1 } from '../record/standard-schema.ts'

/** What `typed<T>()` returns: a schema that has a type and checks nothing. */
export interface Typed<T> extends StandardSchemaV1<T, T> {
  readonly '~standard': StandardSchemaV1<T, T>['~standard'] & { readonly vendor: 'stepwright' }
}

/**
 * A type where a schema is asked for, without a check at run time.
 * @example defineProcess({ name: 'resize', input: typed<{ file: string }>(), services: typed<{ db: Db }>() })
 */
export function typed<T>(): Typed<T> {
  return { '~standard': { version: 1, vendor: 'stepwright', validate: value => ({ value: value as T }) } }
}
