import type { Duration } from '../record/duration.ts'
import type { StepContext } from './work.ts'

/** Options of steps that can be skipped. */
export interface WhenOption<C, When extends boolean = boolean> {
  /** If it returns false, the step is skipped and its input goes to the next step. */
  when?: (context: C) => When | PromiseLike<When>
}

/** Options of steps that consist of other work: parallel, process and machine steps. */
export interface WholeOptions<C, When extends boolean = boolean> extends WhenOption<C, When> {
  /**
   * How long the whole step may take, across retries and restarts. Then the process fails with
   * `ERR_STEP_TIMEOUT`. Default: no limit.
   */
  timeout?: Duration | undefined
}

/**
 * How the data of a step becomes the input of what it starts. It may be omitted if the data fits as
 * it is.
 */
export type MapInput<C extends StepContext<any, any, any>, To> = [C['data']] extends [To]
  ? { input?: (context: C) => To | PromiseLike<To> }
  : { input: (context: C) => To | PromiseLike<To> }
