import type { Duration } from '../record/duration.ts'
import type { StepContext } from './work.ts'

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

/** How a step's data becomes the input of what it starts; may be left out if it fits as it is. */
export type MapInput<C extends StepContext<any, any, any>, To> = [C['data']] extends [To]
  ? { input?: (context: C) => To | PromiseLike<To> }
  : { input: (context: C) => To | PromiseLike<To> }
