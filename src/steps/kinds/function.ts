import { checkOptions, checkSchema } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { checkIsolate, checkWhen, checkWork } from '../check-work.ts'
import type { FunctionStep } from '../plan.ts'
import { planRetry } from '../retry.ts'

const checkInterrupt = (value: unknown, what: string): FunctionStep['interrupt'] | undefined =>
  value === false ? undefined : value === true || checkSchema(value, what)

/** Of steps that do their work here, and of branches. */
export const WORK_CHECKS = { timeout: toMs, retry: planRetry, isolate: checkIsolate }

/** @throws TypeError */
export function planFunctionStep(name: string, work: unknown, options: unknown = {}): FunctionStep {
  const what = `step '${name}'`
  const { timeout, ...checked } = checkOptions(options, what, { ...WORK_CHECKS, when: checkWhen, interrupt: checkInterrupt })
  return { kind: 'step', name, work: checkWork(work, what, checked.isolate), ...defined({ ...checked, timeoutMs: timeout }) }
}
