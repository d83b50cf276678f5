import { checkOptions, isObject, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen, checkWork } from '../check-work.ts'
import { checkStepName } from '../names.ts'
import type { FunctionStep, ParallelStep } from '../plan.ts'
import { WORK_CHECKS } from './function.ts'

function planBranch(step: string, key: string, given: unknown): FunctionStep {
  const name = `${step}.${checkStepName(key, `parallel step '${step}'`, 'branch')}`
  const what = `branch '${name}'`
  const spec = isObject(given) && 'run' in given ? given : { run: given }
  const { run, timeout, ...checked } = checkOptions(spec, what, { run: (work: unknown) => work, ...WORK_CHECKS }, what)
  return Object.freeze<FunctionStep>({
    kind: 'step',
    name,
    work: checkWork(run, what, checked.isolate),
    ...defined({ ...checked, timeoutMs: timeout }),
  })
}

/** @throws TypeError */
export function planParallel(name: string, branches: unknown, options: unknown = {}): ParallelStep {
  const what = `parallel step '${name}'`
  if (!isObject(branches) || Object.keys(branches).length === 0)
    throw mustBe(`branches of ${what}`, 'an object with the work of each branch by its name', branches)
  const { timeout, when } = checkOptions(options, what, { timeout: toMs, when: checkWhen })
  return {
    kind: 'parallel',
    name,
    branches: Object.freeze(Object.entries(branches).map(([key, given]) => planBranch(name, key, given))),
    ...defined({ when, timeoutMs: timeout }),
  }
}
