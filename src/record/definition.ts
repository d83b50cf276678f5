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
export interface ProcessDefinition<Input = any, Output = any, Services = any, Steps extends string = any> {
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
  }
}

export type TypesOf<D> = D extends ProcessDefinition ? NonNullable<D['~types']> : never

/** What `start` and `run` take, before the schema has parsed it. */
export type ProcessInput<D> = TypesOf<D>['input'] extends (input: infer I) => void ? I : never
export type ProcessOutput<D> = TypesOf<D>['output']
/** Of a union of definitions: what all of them need. */
export type ProcessServices<D> = TypesOf<D>['services'] extends (services: infer S) => void ? S : never
/** The names of the steps. */
export type ProcessStep<D> = TypesOf<D>['steps']
