import type { Duration } from '../record/duration.ts'
import type { StandardSchemaV1 } from '../record/standard-schema.ts'
import type { StepContext, Work } from './work.ts'

/** How a failed attempt is tried again. `retry: 3` is `retry: { attempts: 3 }`. */
export interface RetryPolicy {
  /** Failures after which the step has failed for good, the first one included: an integer from 1. */
  attempts: number
  /** Before the second attempt. Default '1s'. */
  delay?: Duration | undefined
  /** Each further delay is this many times longer: a number from 1. Default 2. */
  factor?: number | undefined
  /** No delay is longer. Default '1m', or `delay` if that is longer. */
  maxDelay?: Duration | undefined
  /** Shortens each delay by up to a half, so that processes that failed together do not come back together. Default true. */
  jitter?: boolean | undefined
  /** Whether this error is worth another attempt. Default: every one is. */
  when?: ((error: unknown, attempt: number) => boolean) | undefined
}

export type IsolateMode = 'thread' | 'process'

export interface WorkOptions {
  /** Of one attempt, which then fails with `ERR_STEP_TIMEOUT`. */
  timeout?: Duration | undefined
  retry?: number | RetryPolicy | undefined
  /** Run the module in a thread or a process of its own, which is killed when the step does not end in time. */
  isolate?: IsolateMode | undefined
}

export interface WhenOption<C, When extends boolean = boolean> {
  /** If false the step is skipped, and its input goes on. */
  when?: (context: C) => When
}

/** Of steps that consist of other work: how long all of it may take. */
export interface WholeOptions<C, When extends boolean = boolean> extends WhenOption<C, When> {
  /** From the step's beginning to its end, across retries and restarts; then the process fails with `ERR_STEP_TIMEOUT`. */
  timeout?: Duration | undefined
}

/** Of a step that does the same for every item: `timeout` and `retry` are those of one item. */
export interface EachOptions<C, When extends boolean = boolean> extends WorkOptions, WhenOption<C, When> {
  /** Items under way at once. Default 10. */
  concurrency?: number | undefined
}

export interface MachineOptions<C, When extends boolean = boolean> extends WholeOptions<C, When> {
  /** Whether `send` refuses events that no state of the machine knows. Default false: they do nothing. */
  strict?: boolean | undefined
}

/** How a step's data becomes the input of what it starts; may be left out if it fits as it is. */
export type MapInput<C extends StepContext<any, any, any>, To> = [C['data']] extends [To]
  ? { input?: (context: C) => To | PromiseLike<To> }
  : { input: (context: C) => To | PromiseLike<To> }

/** A branch of a parallel step, with options of its own. */
export interface BranchSpec<C extends StepContext<any, any, any> = StepContext<any, any, any>> extends WorkOptions {
  run: Work<C>
}

export interface StepOptions<Data = any, Services = any, Input = any, Pause = boolean | StandardSchemaV1, When extends boolean = boolean>
  extends WorkOptions, WhenOption<StepContext<Data, Services, Input>, When> {
  /** Pause after the step until somebody calls `proceed`; a schema checks the data that brings. */
  interrupt?: Pause
}

export interface InterruptOptions<Pause = true | StandardSchemaV1> {
  /** How long to wait for `proceed`. Default: for ever. */
  timeout?: Duration | undefined
  /** Checks the data that `proceed` brings. */
  schema?: Pause
}
