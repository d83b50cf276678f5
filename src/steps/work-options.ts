import type { Duration } from '../record/duration.ts'
import type { StandardSchemaV1 } from '../record/standard-schema.ts'

/**
 * Whether and when a failed attempt is repeated. `retry: 3` is `retry: { attempts: 3 }`.
 * @example { attempts: 5, delay: '1s', factor: 2, maxDelay: '1m' }
 */
export interface RetryPolicy {
  /** How many failures are allowed, the first one included: an integer from 1, or `Infinity`. */
  attempts: number
  /** The wait before the second attempt. Default '1s'. */
  delay?: Duration | undefined
  /** Each further wait is this many times longer: a number from 1. Default 2. */
  factor?: number | undefined
  /** No wait is longer. Default '1m', or `delay` if that is longer. */
  maxDelay?: Duration | undefined
  /**
   * Shortens each wait by up to a half, so that processes that failed together do not return
   * together. Default true.
   */
  jitter?: boolean | undefined
  /** Whether this error is worth another attempt. Default: every error is. */
  when?: ((error: unknown, attempt: number) => boolean) | undefined
}

/** Where a module runs: a process also survives native faults, a thread starts faster. */
export type IsolateMode = 'thread' | 'process'

/** Options of everything that is attempted: steps, branches, items. */
export interface WorkOptions {
  /** How long one attempt may take. Then it fails with `ERR_STEP_TIMEOUT`. Default: no limit. */
  timeout?: Duration | undefined
  /** How often a failed attempt is repeated. Default: never. */
  retry?: number | RetryPolicy | undefined
  /**
   * Run the module in a thread or a process of its own, which is killed if the step does not end in
   * time.
   */
  isolate?: IsolateMode | undefined
}

/** Options of `once`: those of an attempt. */
export type OnceOptions = Pick<WorkOptions, 'timeout' | 'retry'>

/** Options of `waitFor`. */
export interface WaitForOptions<Data = unknown> {
  /** Checks the answer that `proceed` brings, and gives it a type. */
  schema?: StandardSchemaV1<any, Data> | undefined
  /**
   * How long to wait, from the first attempt that did. Then `waitFor` rejects with
   * `ERR_STEP_TIMEOUT`. Default: forever.
   */
  timeout?: Duration | undefined
}
