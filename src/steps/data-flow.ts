import type { ProceedMessage } from '../record/definition.ts'
import type { StandardSchemaV1 as Schema } from '../record/standard-schema.ts'

/** What the next step's `data` is, beyond a step's plain output. */

export type IsPlainObject<T> = T extends readonly unknown[] ? false : T extends object ? true : false

/**
 * As `proceed` does it: a plain object is spread into the output, anything else replaces it,
 * nothing keeps it.
 */
export type Merge<T, P> = P extends undefined
  ? T
  : [IsPlainObject<T>, IsPlainObject<P>] extends [true, true]
    ? { [K in keyof (Omit<T, keyof P> & P)]: (Omit<T, keyof P> & P)[K] }
    : P

/**
 * The output `T` after an interrupt: none (`false`), one that takes anything (`true`), or one with
 * a schema.
 */
export type Proceeded<T, Pause> =
  Pause extends Schema<any, infer P>
    ? Merge<T, P>
    : Pause extends true
      ? IsPlainObject<T> extends true
        ? T & { readonly [added: string]: unknown }
        : unknown
      : T

/** What `proceed` may bring to a pause; nothing where there is none. */
export type PauseMessage<Pause> =
  Pause extends Schema<infer I, any> ? ProceedMessage<I> : Pause extends true ? ProceedMessage<unknown> : never

/** `When` is `never` where there is no such option. */
export type Skipped<Output, Data, When> = [When] extends [never] ? Output : Output | Data

/** What `output(name)` gives in later steps; `undefined` where the step may be skipped. */
export type WithOutput<Outputs, N extends string, Output, When> = Outputs & {
  readonly [K in N]: [When] extends [never] ? Output : Output | undefined
}

export type InputOf<S> = S extends Schema<infer I, any> ? I : unknown
export type ParsedOf<S> = S extends Schema<any, infer O> ? O : unknown
