import type { MachineLike } from './kinds/machine-like.ts'
import type { Migrate } from './migration.ts'
import type { IsolateMode } from './options.ts'
import type { PlannedSchedule } from './schedule.ts'
import type { StandardSchemaV1 } from '../record/standard-schema.ts'
import type { StepContext, Work } from './work.ts'

/** A step as the machine and the host see it: options checked, durations in milliseconds. */
export type PlannedStep = FunctionStep | InterruptStep | SleepStep | ParallelStep | EachStep | ChildStep | MachineStep

/** Asked of the user in an attempt: `when`, `items`, `input`, the time of a sleep. */
export type UserFunction = (context: StepContext<any, any, any>) => unknown

export interface FunctionStep {
  readonly kind: 'step'
  /** Of a branch of a parallel step: its path, `publish.search`. */
  readonly name: string
  readonly work: Work
  readonly when?: UserFunction
  /** Of one attempt. */
  readonly timeoutMs?: number
  readonly retry?: PlannedRetry
  /** The work is a module then. */
  readonly isolate?: IsolateMode
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
  readonly until: { readonly ms: number } | { readonly at: number } | { readonly compute: UserFunction }
}

/** Branches that run at once. */
export interface ParallelStep {
  readonly kind: 'parallel'
  readonly name: string
  /** In the order of the output's keys; at least one. */
  readonly branches: readonly FunctionStep[]
  readonly when?: UserFunction
  /** From the step's beginning to its end, across restarts. */
  readonly timeoutMs?: number
}

/** The same work for every item of a list. */
export interface EachStep {
  readonly kind: 'each'
  readonly name: string
  /** Makes the list. */
  readonly items: UserFunction
  readonly work: Work
  /** Items under way at once. */
  readonly concurrency: number
  readonly when?: UserFunction
  /** Of one attempt at one item. */
  readonly timeoutMs?: number
  /** Of one item. */
  readonly retry?: PlannedRetry
  /** The work is a module then. */
  readonly isolate?: IsolateMode
}

/** Another definition, run as a process of its own. */
export interface ChildStep {
  readonly kind: 'process'
  readonly name: string
  readonly child: ProcessPlan
  /** Makes the child's input; without it that is the step's data. */
  readonly input?: UserFunction
  readonly when?: UserFunction
  /** From the step's beginning to its end, across restarts. */
  readonly timeoutMs?: number
}

/** An XState machine, run until it has its output. */
export interface MachineStep {
  readonly kind: 'machine'
  readonly name: string
  readonly machine: MachineLike
  /** Makes the machine's input; without it that is the step's data. */
  readonly input?: UserFunction
  readonly when?: UserFunction
  /** From the step's beginning to its end, across restarts. */
  readonly timeoutMs?: number
  /** Refuses events that no state of the machine knows. */
  readonly strict?: true
}

/** What `defineProcess` builds, behind the public `ProcessDefinition`. */
export interface ProcessPlan {
  readonly name: string
  /** As the user wrote it; '1' when left out. */
  readonly version: string
  readonly inputSchema?: StandardSchemaV1
  /** Process timeout in milliseconds of running time. */
  readonly timeoutMs?: number
  /** When it is started by itself. */
  readonly schedule?: PlannedSchedule
  readonly steps: readonly PlannedStep[]
  readonly migrate?: Migrate
}

/** Every step and every branch, in order: whatever has a name and a record. */
export const everyStep = ({ steps }: Pick<ProcessPlan, 'steps'>): PlannedStep[] =>
  steps.flatMap<PlannedStep>(step => (step.kind === 'parallel' ? [step, ...step.branches] : [step]))

/** The name of a branch within its step: `search` of `publish.search`. */
export const branchKey = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** The definitions that processes of this one start, and those that these start. */
export const childPlans = ({ steps }: ProcessPlan): ProcessPlan[] =>
  steps.flatMap(step => (step.kind === 'process' ? [...childPlans(step.child), step.child] : []))
