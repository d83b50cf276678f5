import { checkOptions, isObject, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen, checkWork, WORK_CHECKS } from '../check-work.ts'
import { FAILURE_CHECKS, planTolerated, type FailureOptions, type Tolerated } from '../failures.ts'
import { checkStepName } from '../names.ts'
import type { WholeOptions } from '../step-options.ts'
import type { UndoOption } from '../undo-options.ts'
import type { WorkOptions } from '../work-options.ts'
import type { StepContext, UserFunction, Work } from '../work.ts'
import type { FunctionStep } from './function.ts'
import type { Kind } from './kind.ts'
import { ofSettled, planUndo } from './undo.ts'

/** A branch of a parallel step with options of its own. */
export interface BranchSpec<C extends StepContext<any, any, any> = StepContext<any, any, any>>
  extends WorkOptions, UndoOption<any, C> {
  /** What the branch does. */
  run: Work<C>
}

/** Options of a parallel step. */
export interface ParallelOptions<C, When extends boolean = boolean, OnFailure extends 'stop' | 'keep' = 'stop' | 'keep'>
  extends WholeOptions<C, When>, FailureOptions<OnFailure> {}

/** Branches that run at once. */
export interface ParallelStep {
  readonly kind: 'parallel'
  readonly name: string
  /** In the order of the output's keys; at least one. */
  readonly branches: readonly FunctionStep[]
  readonly when?: UserFunction
  /** From the step's beginning to its end, across restarts. */
  readonly timeoutMs?: number
  /** How many branches may fail. Without it, the first failure is the step's. */
  readonly tolerated?: Tolerated
}

/** The name of a branch within its step: `search` of `publish.search`. */
export const branchKey = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

function planBranch(step: string, key: string, given: unknown, isSettled: boolean): FunctionStep {
  const name = `${step}.${checkStepName(key, `parallel step '${step}'`, 'branch')}`
  const what = `branch '${name}'`
  if (isObject(given) && 'steps' in given && 'run' in given)
    throw mustBe(
      what,
      'a function, an object spec or { run, retry, timeout }, and no definition: that goes with .process() or .each()',
      given,
    )
  const spec = isObject(given) && 'run' in given ? given : { run: given }
  const checks = {
    run: (work: unknown) => work,
    ...WORK_CHECKS,
    undo: (undo: unknown) => planUndo(name, undo, what),
  }
  const { run, timeout, undo, ...checked } = checkOptions(spec, what, checks, what)
  const work = checkWork(run, what, checked.isolate)
  const more = defined({ ...checked, timeoutMs: timeout, undo: isSettled ? ofSettled(undo) : undo })
  return Object.freeze<FunctionStep>({ kind: 'step', name, work, ...more })
}

export const parallelKind: Kind<ParallelStep> = {
  plan(name, branches, options = {}) {
    const what = `parallel step '${name}'`
    if (!isObject(branches) || Object.keys(branches).length === 0)
      throw mustBe(`branches of ${what}`, 'an object with the work of each branch by its name', branches)
    const checks = { timeout: toMs, when: checkWhen, ...FAILURE_CHECKS }
    const { timeout, when, ...failures } = checkOptions(options, what, checks)
    const tolerated = planTolerated(what, failures)
    const planned = Object.freeze(
      Object.entries(branches).map(([key, given]) => planBranch(name, key, given, tolerated !== undefined)),
    )
    return {
      kind: 'parallel',
      name,
      branches: planned,
      ...defined({ when, timeoutMs: timeout, tolerated }),
    }
  },
}
