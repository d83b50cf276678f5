import type { StepKind } from './record.ts'

export interface StepInfo {
  /** A branch of a parallel step has its path: `publish.search`. */
  readonly name: string
  readonly kind: StepKind
}

/** An argument that may be left out if everything in it may. */
export type OptionalIf<T> = {} extends T ? [options?: T] : [options: T]

/** The input, which may be left out if it may be undefined, and what follows it. */
export type Given<Input, Rest extends unknown[]> = undefined extends Input ? [input?: Input, ...rest: Rest] : [input: Input, ...rest: Rest]

/** `services`, which may be left out if nothing is needed. */
export type ServicesOption<S> = {} extends S ? { services?: S } : { services: S }

export type RunOptions<Services> = ServicesOption<Services> & { signal?: AbortSignal | undefined }

/** A name, a version and an ordered list of steps: what `defineProcess` returns. Immutable. */
export interface ProcessDefinition<Input = any, Output = any, Services = any, Steps extends string = any, Messages = any> {
  readonly name: string
  /** '1' if it was left out. */
  readonly version: string
  /** In order, each followed by its branches. */
  readonly steps: readonly StepInfo[]
  /**
   * Executes the steps here and now, with no store and no process: retries and sleeps really wait, nothing is written.
   * @throws TypeError if a service is missing or a step would wait for `proceed`
   * @throws StepwrightError `ERR_INVALID_INPUT`
   * @throws ProcessError if a step fails: `step`, `attempt` and `cause` say where and why
   * @throws ProcessTimeoutError
   * @throws whatever `signal` was aborted with
   */
  run(...input: Given<Input, OptionalIf<RunOptions<Services>>>): Promise<Output>
  /** Never there: carries the types. */
  readonly '~types'?: {
    readonly input: (input: Input) => void
    readonly output: Output
    readonly services: (services: Services) => void
    readonly steps: Steps
    readonly messages: Messages
  }
}

export type TypesOf<D> = D extends ProcessDefinition ? NonNullable<D['~types']> : never

/** What `start` and `run` take, before the schema has parsed it. */
export type ProcessInput<D> = TypesOf<D>['input'] extends (input: infer I) => void ? I : never
export type ProcessOutput<D> = TypesOf<D>['output']
/** Of a union of definitions: what all of them need. */
export type ProcessServices<D> = TypesOf<D>['services'] extends (services: infer S) => void ? S : never
/** The names of the steps, branches left out. */
export type ProcessStep<D> = TypesOf<D>['steps']

/** What clients may send a process while it waits: members of the union `Messages` of a definition. */
export interface ProceedMessage<Data> {
  readonly proceed: Data
}
export interface EventMessage<Event> {
  readonly event: Event
}

/** What `proceed` may bring: the union over all pauses. `unknown` if one of them takes anything. */
export type ProceedData<D> = Extract<TypesOf<D>['messages'], ProceedMessage<any>>['proceed']
/** The events that the machines of a definition's machine steps take. */
export type ProcessEvent<D> = EventIn<Extract<TypesOf<D>['messages'], EventMessage<any>>['event']>
export type EventIn<E> = 0 extends 1 & E ? { readonly type: string } | { readonly type: string; readonly [field: string]: unknown } : E
