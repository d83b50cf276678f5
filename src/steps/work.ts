import type { Duration } from '../record/duration.ts'
import type { Given, ProcessDefinition, ProcessInput } from '../record/definition.ts'
import type { MustBeJson } from '../record/not-json.ts'
import type { Typed } from './typed.ts'
import type { Args } from './work-types.ts'
import type { OnceOptions, WaitForOptions } from './work-options.ts'

/** Any string, kept as a literal by inference without `as const`. */
export type Name = Capitalize<string> | Uncapitalize<string>

/** What the work of `once` receives. */
export interface OnceCall {
  /** Counts from 1, within this attempt at the step. A retry of the call is a new attempt. */
  readonly attempt: number
  /** The same for every call of this name in this step of this process. */
  readonly idempotencyKey: string
  /** Aborts when the time of the call is over, and whenever the signal of the step does. */
  readonly signal: AbortSignal
  /**
   * Adds a chunk to the stream of the process, as `write` of the step. What a call has written
   * stays once its output is remembered, while a new attempt at the step starts its own part anew.
   */
  write<Chunk>(chunk: Chunk & MustBeJson<Chunk>): void
}

/** What a step receives: one object, new for each attempt. */
export interface StepContext<Data = unknown, Services = {}, Input = unknown, Outputs = any> {
  /**
   * The output of the previous step; for the first step, the input of the process. Each attempt
   * receives its own copy.
   */
  readonly data: Data
  /** The input of the process. */
  readonly input: Input
  /** What `createRuntime({ services })` was given. */
  readonly services: Services
  /** The id of the process. */
  readonly pid: string
  /** The name of the step. */
  readonly step: string
  /** Counts from 1. A retry is a new attempt, and so is a recovery after the death of a host. */
  readonly attempt: number
  /**
   * The same for every attempt of this step of this process. Pass it to whatever must happen only
   * once, such as a payment.
   */
  readonly idempotencyKey: string
  /**
   * Aborts when the attempt times out, the process is cancelled, or the runtime closes. The step
   * should stop then; its result is dropped.
   */
  readonly signal: AbortSignal
  /**
   * Reports how far the step is, to every reader. At most ten reports a second are stored, so call
   * it as often as you like.
   * @example progress(3, 10, 'page 3')
   */
  progress(value: number, total?: number, message?: string): void
  /**
   * Adds an entry to the log of the process. Fields that are not JSON are converted as well as
   * possible.
   * @example log('uploaded', { bytes: 2048 })
   */
  log(message: string, fields?: Readonly<Record<string, unknown>>): void
  /**
   * Adds a chunk, a string or other JSON, to the stream of the process, for readers: call it as
   * often as you like. What was written shortly before a crash may be lost.
   * @throws ERR_NOT_JSON, ERR_RECORD_TOO_LARGE if it has more than 1 MiB
   * @example for await (const token of answer) write(token)
   */
  write<Chunk>(chunk: Chunk & MustBeJson<Chunk>): void
  /**
   * Does work once: resolves with its output when that is in the store. Each later attempt at this
   * step, on whatever host, gets the output from there and does not run the work again. The name is
   * what is remembered, so each piece of work needs its own. What throws is not remembered.
   * @throws ERR_MEMORY_LIMIT if the name is longer than 256 characters, or the step has used
   * 10,000; ERR_NOT_JSON, ERR_RECORD_TOO_LARGE, ERR_STEP_TIMEOUT, and whatever the work throws
   * @example const page = await once(`page-${n}`, ({ signal }) => fetchPage(n, signal), { retry: 3 })
   */
  once<Output>(
    name: string,
    work: ((call: OnceCall) => Output) & MustBeJson<Awaited<Output>>,
    options?: OnceOptions,
  ): Promise<Awaited<Output>>
  /**
   * Waits for an answer, which `proceed(pid, data, { name })` brings: for weeks, and through restarts.
   * The process is `interrupted` meanwhile. This attempt is given up, and `signal` aborts with
   * ERR_STEP_WAITS. With the answer the step begins anew from its top, and `waitFor` of this name
   * resolves with it: what comes before belongs in `once`.
   * @throws ERR_STEP_TIMEOUT if nobody answers within the `timeout`; ERR_CANNOT_WAIT in a branch, an
   * item, an isolated step, `once` or `run()`; ERR_MEMORY_LIMIT
   * @example const { by } = await waitFor('approval', { schema: z.object({ by: z.string() }), timeout: '7d' })
   */
  waitFor<Data = unknown>(name: string, options?: WaitForOptions<Data>): Promise<Data>
  /**
   * Sleeps for a duration or until a Date, through restarts. The process is `sleeping` meanwhile.
   * As with `waitFor`, the step begins anew from its top then.
   * @throws ERR_CANNOT_WAIT in a branch, an item or an isolated step, or in `once`; ERR_MEMORY_LIMIT
   * @example await sleep(`before-poll-${n}`, '5m')
   */
  sleep(name: string, until: Duration | Date): Promise<void>
  /**
   * Starts a process that outlives this one, or finds it: each attempt at this step gets the same
   * one, whose key is made of the pid, the step and the name of the definition. With `key` that is
   * its idempotency key. The runtime must know the definition. Resolves with the pid when the process
   * is in the store.
   * @throws ERR_UNKNOWN_DEFINITION, ERR_INVALID_INPUT, ERR_NOT_JSON; a TypeError in an isolated step
   * and in `run()`
   * @example await start(sendReport, { month }, { key: `report-${month}` })
   */
  start<D extends ProcessDefinition>(
    definition: D,
    ...input: Given<ProcessInput<D>, [options?: { readonly key?: string | undefined }]>
  ): Promise<string>
  /**
   * The output of an earlier step, read from the journal; `undefined` if the step was skipped.
   * @throws ERR_UNKNOWN_STEP if no step of this name has ended
   * @example const { receipt } = await output('charge')
   */
  output<N extends keyof Outputs & string>(step: N): Promise<Outputs[N]>
}

/** The context of any step. */
export type AnyContext = StepContext<any, any, any>

/**
 * A step as an object. (`execute` is a property instead of a method, so that TypeScript checks its
 * parameters strictly.)
 */
export interface StepObject<C extends { readonly data: any } = any, Output = unknown> {
  execute: (data: C['data'], context: C) => Output
}

export interface Injected<S, A> {
  /** Names of services, which are passed to the constructor or factory first. */
  services?: S
  /**
   * Further arguments, passed on as they are; or a function of `{ input }` that makes them for each
   * attempt.
   */
  args?: A
}

/**
 * A step as a class: `new Class(...services, ...args).execute(data, context)`. A new object is
 * constructed for each attempt.
 * @example { class: Resize, services: ['images'], args: [320] }
 */
export interface ClassSpec<
  C extends { readonly data: any } = any,
  Output = any,
  P extends any[] = any,
  S = readonly Name[] | [],
  A = Args<any>,
> extends Injected<S, A> {
  class: new (...args: P) => StepObject<C, Output>
}

/**
 * A step as a factory: `factory(...services, ...args).execute(data, context)`. The factory is
 * called for each attempt.
 * @example { factory: makeResize, services: ['images'], args: [320] }
 */
export interface FactorySpec<
  C extends { readonly data: any } = any,
  Output = any,
  P extends any[] = any,
  S = readonly Name[] | [],
  A = Args<any>,
> extends Injected<S, A> {
  factory: (...args: P) => StepObject<C, Output>
}

/**
 * A step as a function that a module exports. The module is loaded when the step first runs: into a
 * thread or process of its own if the step has `isolate`, otherwise into the application.
 * @example
 * { module: new URL('./crunch.js', import.meta.url), export: 'crunch', type: typed<typeof crunch>() }
 */
export interface ModuleSpec<C = any, Output = any> {
  module: URL
  /** The name of the export. Default 'default'. */
  export?: string | undefined
  /**
   * Declares the types, and is not called: `typed<typeof crunch>()`. Without it the output is
   * `unknown`.
   */
  type?: Typed<(context: C) => Output>
}

/**
 * The work of a step: a function of its context, an object spec or a module. `P` are the parameters
 * of a spec, `S` its services, `A` its arguments.
 */
export type Work<
  C extends { readonly data: any } = any,
  Output = any,
  P extends any[] = any,
  S = readonly Name[] | [],
  A = Args<any>,
> = ((context: C) => Output) | ClassSpec<C, Output, P, S, A> | FactorySpec<C, Output, P, S, A> | ModuleSpec<C, Output>

/**
 * Code of the user's that is asked in an attempt: work, `when`, `items`, `input`, the time of a
 * sleep.
 */
export type UserFunction = (context: AnyContext) => unknown
