import type { StepKind } from './record.ts'

/** The name and kind of a step, of a branch of a parallel step, or of an undo. */
export interface StepInfo {
  /** The name of a step, the path of a branch (`publish.search`), or an undo (`charge.undo`). */
  readonly name: string
  readonly kind: StepKind | 'undo'
}

/** An argument that may be omitted if all of its properties may. */
export type OptionalIf<T> = {} extends T ? [options?: T] : [options: T]

/** The input, which may be omitted if it may be undefined, and what follows it. */
export type Given<Input, Rest extends unknown[]> = undefined extends Input
  ? [input?: Input, ...rest: Rest]
  : [input: Input, ...rest: Rest]

/** `services`, which may be omitted if nothing is needed. */
export type ServicesOption<S> = {} extends S ? { services?: S } : { services: S }

/** Options of `definition.run`. `signal` ends the run. */
export type RunOptions<Services> = ServicesOption<Services> & { signal?: AbortSignal | undefined }

/** A name, a version and an ordered list of steps: what `defineProcess` returns. Immutable. */
export interface ProcessDefinition<
  Input = any,
  Output = any,
  Services = any,
  Steps extends string = any,
  Messages = any,
> {
  readonly name: string
  /** Default '1'. */
  readonly version: string
  /** In order, each followed by its branches, and by its undo. */
  readonly steps: readonly StepInfo[]
  /**
   * Executes the steps in the caller, without a store and without a process. Retries and sleeps
   * really wait.
   * @throws TypeError if a service is missing, or a step would wait for `proceed` or for events
   * @throws StepwrightError `ERR_INVALID_INPUT`
   * @throws ProcessError if a step fails: `step`, `attempt` and `cause` say where and why
   * @throws ProcessTimeoutError if the timeout of the process passes
   * @throws the reason of `signal`
   */
  run(...input: Given<Input, OptionalIf<RunOptions<Services>>>): Promise<Output>
  /** Absent at run time: it carries the types. */
  readonly '~types'?: {
    readonly input: (input: Input) => void
    readonly output: Output
    readonly services: (services: Services) => void
    readonly steps: Steps
    readonly messages: Messages
  }
}

/** The types that a definition carries. */
export type TypesOf<D> = D extends ProcessDefinition ? NonNullable<D['~types']> : never

/** The input that `start` and `run` accept, before the schema has parsed it. */
export type ProcessInput<D> = TypesOf<D>['input'] extends (input: infer I) => void ? I : never
/** The output of the last step. */
export type ProcessOutput<D> = TypesOf<D>['output']
/** The services that a definition needs; for a union of definitions, what all of them need. */
export type ProcessServices<D> = TypesOf<D>['services'] extends (services: infer S) => void ? S : never
/** The names of the steps, without branches. */
export type ProcessStep<D> = TypesOf<D>['steps']

/**
 * What clients may send a process while it waits: members of the union `Messages` of a definition.
 */
export interface ProceedMessage<Data> {
  readonly proceed: Data
}
/** What a machine step takes by `send`: a member of the same union. */
export interface EventMessage<Event> {
  readonly event: Event
}

/** What `proceed` accepts: a union over all pauses. `unknown` if one of them accepts anything. */
export type ProceedData<D> = Extract<TypesOf<D>['messages'], ProceedMessage<any>>['proceed']
/** The events that the machine steps of a definition accept. */
export type ProcessEvent<D> = EventIn<Extract<TypesOf<D>['messages'], EventMessage<any>>['event']>
/** Any event if the machine does not say which it takes. */
export type EventIn<E> = 0 extends 1 & E
  ? { readonly type: string } | { readonly type: string; readonly [field: string]: unknown }
  : E
