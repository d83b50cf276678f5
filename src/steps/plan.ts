import type { Migrate } from './migration.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'
import type { StepContext, Work } from './work.ts'

/** A step as the machine and the host see it: options checked, durations in milliseconds. */
export type PlannedStep = FunctionStep | InterruptStep | SleepStep

export interface FunctionStep {
  readonly kind: 'step'
  readonly name: string
  readonly work: Work
  readonly when?: (context: StepContext<any, any, any>) => unknown
  /** Of one attempt. */
  readonly timeoutMs?: number
  readonly retry?: PlannedRetry
  /** Pause after the step; a schema checks what `proceed` brings. */
  readonly interrupt?: true | StandardSchemaV1
}

export interface PlannedRetry {
  /** Failures after which the step has failed for good; at least 2 (1 is the same as no policy, which is left out). */
  readonly attempts: number
  readonly delayMs: number
  readonly factor: number
  readonly maxDelayMs: number
  readonly jitter: boolean
  readonly when?: (error: unknown, attempt: number) => boolean
}

/** A pause without work. */
export interface InterruptStep {
  readonly kind: 'interrupt'
  readonly name: string
  readonly timeoutMs?: number
  readonly schema?: StandardSchemaV1
}

export interface SleepStep {
  readonly kind: 'sleep'
  readonly name: string
  /** How long in milliseconds, until when, or a function that says so. */
  readonly until: { readonly ms: number } | { readonly at: number } | { readonly compute: (context: StepContext<any, any, any>) => unknown }
}

/** What `defineProcess` builds, behind the public `ProcessDefinition`. */
export interface ProcessPlan {
  readonly name: string
  /** As the user wrote it; '1' when left out. */
  readonly version: string
  readonly inputSchema?: StandardSchemaV1
  /** Process timeout in milliseconds of running time. */
  readonly timeoutMs?: number
  readonly steps: readonly PlannedStep[]
  readonly migrate?: Migrate
}
