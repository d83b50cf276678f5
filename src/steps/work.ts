import type { Typed } from './typed.ts'

/** Any string, kept as a literal by inference without `as const`. */
export type Name = Capitalize<string> | Uncapitalize<string>

/** What a step is given: one object a call, new for each attempt. */
export interface StepContext<Data = unknown, Services = {}, Input = unknown> {
  /** The output of the step before (the process's input at first). This attempt's own copy. */
  readonly data: Data
  /** The input of the process. */
  readonly input: Input
  readonly services: Services
  readonly pid: string
  /** The name of the step. */
  readonly step: string
  /** Counts from 1; a retry and a recovery are new attempts. */
  readonly attempt: number
  /** The same for every attempt of this step: hand it to whatever must happen only once. */
  readonly idempotencyKey: string
  /** Aborts on timeout, cancel and close. The step should stop then; its result no longer counts. */
  readonly signal: AbortSignal
  /** Tells every reader how far this step is. */
  progress(value: number, total?: number, message?: string): void
  log(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export type AnyContext = StepContext<any, any, any>

/** A step as an object. `execute` is a property and no method, so that TypeScript checks its parameters strictly. */
export interface StepObject<C extends AnyContext = any, Output = unknown> {
  execute: (data: C['data'], context: C) => Output
}

export interface Injected<S, A> {
  /** Names of services, given to the constructor or factory first. */
  services?: S
  /** Given after the services, as they are. */
  args?: A
}

/** `new Class(...services, ...args).execute(data, context)`, constructed anew for each attempt. */
export interface ClassSpec<
  C extends AnyContext = any,
  Output = any,
  P extends any[] = any,
  S = readonly Name[] | [],
  A = readonly unknown[] | [],
> extends Injected<S, A> {
  class: new (...args: P) => StepObject<C, Output>
}

/** `factory(...services, ...args).execute(data, context)`, called anew for each attempt. */
export interface FactorySpec<
  C extends AnyContext = any,
  Output = any,
  P extends any[] = any,
  S = readonly Name[] | [],
  A = readonly unknown[] | [],
> extends Injected<S, A> {
  factory: (...args: P) => StepObject<C, Output>
}

/**
 * A step as a function that a module exports: loaded when it first runs, in a thread or process of its own if the step has `isolate`.
 * @example
 * { module: new URL('./crunch.js', import.meta.url), export: 'crunch', type: typed<typeof crunch>() }
 */
export interface ModuleSpec<C = any, Output = any> {
  module: URL
  /** Default 'default'. */
  export?: string | undefined
  /** Only tells the types: `typed<typeof crunch>()`. Without it the output is `unknown`. */
  type?: Typed<(context: C) => Output>
}

/** What a step does: a function of its context, an object spec or a module. `P` are the spec's parameters, `S` its services, `A` its args. */
export type Work<C extends AnyContext = any, Output = any, P extends any[] = any, S = readonly Name[] | [], A = readonly unknown[] | []> =
  | ((context: C) => Output)
  | ClassSpec<C, Output, P, S, A>
  | FactorySpec<C, Output, P, S, A>
  | ModuleSpec<C, Output>

/** Code of the user's that is asked in an attempt: work, `when`, `items`, `input`, the time of a sleep. */
export type UserFunction = (context: AnyContext) => unknown
