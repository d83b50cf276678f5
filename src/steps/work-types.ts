import type { MustBeJson } from '../record/not-json.ts'
import type { Typed } from './typed.ts'

/**
 * What can be read from the type of a piece of work: which services it needs, what it returns,
 * whether its arguments fit.
 */

/** The services behind the first parameters `P`, by the names `S`. */
export type Take<P, S> = S extends readonly [infer N extends string, ...infer Names]
  ? P extends readonly [infer Service, ...infer Rest]
    ? { [K in N]: Service } & Take<Rest, Names>
    : unknown
  : unknown

/** The parameters that are left for `args`. */
export type Drop<P, S> = S extends readonly [unknown, ...infer Names]
  ? P extends readonly [unknown, ...infer Rest]
    ? Drop<Rest, Names>
    : []
  : P

export interface WrongArguments<Expected> {
  readonly 'wrong arguments, expected': Expected
}

/** Arguments of a spec, or what makes them of the input of the process. */
export type Args<Input> = readonly unknown[] | [] | ((context: { readonly input: Input }) => readonly unknown[] | [])
/** What a function makes is checked when it is made. */
export type Made<A> = A extends (...given: never) => unknown ? any : A

/**
 * Intersected with a piece of work: refuses outputs that are not JSON and arguments that do not
 * fit.
 */
export type Demand<Output, P, S, A> =
  Made<A> extends Readonly<Drop<P, S>> ? MustBeJson<Awaited<Output>> : WrongArguments<Drop<P, S>>

/** The parts of a spec that stands in a record, where they cannot be inferred one by one. */
export type OutputOf<W> = W extends { run: infer R }
  ? OutputOf<R>
  : W extends (...args: never) => infer R
    ? Awaited<R>
    : W extends { class: new (...args: never) => { execute(...args: never): infer R } }
      ? Awaited<R>
      : W extends { factory: (...args: never) => { execute(...args: never): infer R } }
        ? Awaited<R>
        : W extends { module: URL; type: Typed<infer F> }
          ? OutputOf<F>
          : unknown
export type ParametersOf<W> = W extends { class: new (...args: infer P) => unknown }
  ? P
  : W extends { factory: (...args: infer P) => unknown }
    ? P
    : []
export type ServicesOf<W> = W extends { services: infer S } ? S : []
export type ArgsOf<W> = W extends { args: infer A } ? A : []

export type NeedsOf<W> = W extends { run: infer R } ? NeedsOf<R> : Take<ParametersOf<W>, ServicesOf<W>>
export type Checked<W> = W extends { run: infer R }
  ? { run: Checked<R> }
  : Demand<OutputOf<W>, ParametersOf<W>, ServicesOf<W>, ArgsOf<W>>

/** What all members of a record need together. */
export type Intersect<T> = { [K in keyof T]-?: (x: T[K]) => void }[keyof T & (string | number)] extends (
  x: infer I,
) => void
  ? I
  : never
