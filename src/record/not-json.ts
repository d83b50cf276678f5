/**
 * JSON at compile time. What a step returns at run time is checked by `json.ts`; both give the same
 * hints.
 */

export type AnyFunction = (...args: never) => unknown
export type Binary = ArrayBufferView | ArrayBufferLike
export type NotPlain =
  | AnyFunction
  | bigint
  | symbol
  | Date
  | ReadonlyMap<any, any>
  | ReadonlySet<any>
  | PromiseLike<any>
  | Error
  | RegExp
  | URL
  | Binary
export type Scalar = string | number | boolean | null | undefined | void
export type IsAny<T> = 0 extends 1 & T ? true : false

/** `T` as JSON would keep it. Mapped lazily, so recursive types are fine. */
export type Jsonable<T> =
  IsAny<T> extends true
    ? any
    : T extends NotPlain
      ? never
      : T extends Scalar
        ? T
        : T extends readonly (infer Item)[]
          ? readonly Jsonable<Item>[]
          : T extends object
            ? { [K in keyof T as Exclude<K, symbol>]: Jsonable<T[K]> }
            : T

export type Key<T> = Extract<keyof T, string | number>
export type Methods<T> = {
  [K in Key<T>]: unknown extends T[K] ? never : NonNullable<T[K]> extends AnyFunction ? K : never
}[Key<T>]

export type Hint<T> = T extends Date
  ? 'a Date: return toISOString()'
  : T extends ReadonlyMap<any, any>
    ? 'a Map: return Object.fromEntries()'
    : T extends ReadonlySet<any>
      ? 'a Set: return an array'
      : T extends bigint
        ? 'a bigint: return String()'
        : T extends AnyFunction
          ? 'a function'
          : T extends PromiseLike<any>
            ? 'a Promise: await it'
            : T extends Binary
              ? 'binary: write a file, return its path'
              : 'not plain data'

/**
 * The first places, at most four levels down, that are not JSON. Deeper ones would cost the
 * compiler more than they help.
 */
export type Where<T, Path extends string, Depth extends 0[] = []> =
  IsAny<T> extends true
    ? never
    : T extends Scalar
      ? never
      : T extends NotPlain
        ? `${Path} is ${Hint<T>}`
        : Depth['length'] extends 4
          ? never
          : T extends readonly (infer Item)[]
            ? Where<Item, `${Path}[]`, [...Depth, 0]>
            : T extends object
              ? [Methods<T>] extends [never]
                ? { [K in Key<T>]: Where<T[K], `${Path}.${K}`, [...Depth, 0]> }[Key<T>]
                : `${Path} has methods: return a plain object`
              : never

/** `never` if `T` is JSON, else words that say where it is not and what to return. */
export type NotJson<T> = [T] extends [Jsonable<T>]
  ? never
  : [Where<T, '$'>] extends [never]
    ? 'something deep inside'
    : Where<T, '$'>

/** Intersected with an argument's type: lets JSON pass, shows the words above otherwise. */
export type MustBeJson<T> =
  NotJson<T> extends infer Why ? ([Why] extends [never] ? unknown : `Not JSON: ${Why & string}`) : never
