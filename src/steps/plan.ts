import type { ProcessDefinition } from '../record/definition.ts'
import { mustBe } from '../record/check.ts'
import type { StandardSchemaV1 } from '../record/standard-schema.ts'
import type { AttemptedStep, PlannedStep } from './kinds/kinds.ts'
import type { UndoStep } from './kinds/undo.ts'
import type { PlannedLimit } from './limit.ts'
import type { Migrate } from './migration.ts'
import type { PlannedSchedule } from './schedule.ts'
import type { Work } from './work.ts'

/** A definition, checked: what its builder has put together, for whoever executes it. */
export interface ProcessPlan {
  readonly name: string
  /** As the user wrote it; '1' when left out. */
  readonly version: string
  readonly inputSchema?: StandardSchemaV1
  /** Process timeout in milliseconds of running time. */
  readonly timeoutMs?: number
  /** When it is started by itself. */
  readonly schedule?: PlannedSchedule
  /** How many of its processes may be under way, or begin within a time. */
  readonly limits?: readonly PlannedLimit[]
  readonly steps: readonly PlannedStep[]
  readonly migrate?: Migrate
}

/** Whatever is not in here was made by something else than the builder. */
const plans = new WeakMap<object, ProcessPlan>()

export const setPlan = (definition: object, plan: ProcessPlan): unknown => plans.set(definition, plan)

const find = (value: unknown): ProcessPlan | undefined =>
  typeof value === 'object' && value !== null ? plans.get(value) : undefined

/** Whether a value is what `defineProcess()` or `fromSpecs()` returns, with at least one step. */
export const isProcessDefinition = (value: unknown): value is ProcessDefinition => (find(value)?.steps.length ?? 0) > 0

/**
 * The plan behind a definition.
 * @throws TypeError if it is no definition, or has no steps
 */
export function planOf(definition: unknown): ProcessPlan {
  const plan = find(definition)
  if (plan === undefined)
    throw mustBe('A process definition', 'what defineProcess() or fromSpecs() returns', definition)
  if (plan.steps.length === 0) throw new TypeError(`Process '${plan.name}' has no steps: add one with .step()`)
  return plan
}

/** How a step is undone: as a whole, or each of its branches. */
export function undosOf(step: PlannedStep): readonly UndoStep[] {
  if ('branches' in step) return step.branches.flatMap(({ undo }) => undo ?? [])
  return 'undo' in step && step.undo !== undefined ? [step.undo] : []
}

/** Every step, every branch and every undo, in order: whatever has a name and a record. */
export const everyStep = ({ steps }: Pick<ProcessPlan, 'steps'>): AttemptedStep[] =>
  steps.flatMap<AttemptedStep>(step =>
    'branches' in step
      ? [step, ...step.branches.flatMap(branch => [branch, ...undosOf(branch)])]
      : [step, ...undosOf(step)],
  )

/** The definitions that processes of this one start, and those that these start. */
export const childPlans = ({ steps }: ProcessPlan): ProcessPlan[] =>
  steps.flatMap(step => {
    const child = 'child' in step && step.child ? planOf(step.child) : undefined
    return child ? [...childPlans(child), child] : []
  })

/** Names of services that object specs need and `services` does not have. */
export function missingServices(works: readonly Work[], services: object = {}): string[] {
  const needed = works.flatMap(work => (typeof work === 'object' && !('module' in work) ? (work.services ?? []) : []))
  return [...new Set(needed)].filter(name => !(name in services))
}

/** What the steps and branches of a definition do. */
export const worksOf = (plan: ProcessPlan): Work[] =>
  everyStep(plan).flatMap(step => ('work' in step ? [step.work] : []))
