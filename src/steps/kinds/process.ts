import { checkFunction, checkOptions } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen } from '../check-work.ts'
import type { ChildStep, ProcessPlan } from '../plan.ts'

/** @throws TypeError */
export function planProcess(name: string, child: ProcessPlan, options: unknown = {}): ChildStep {
  const checks = { input: checkFunction<NonNullable<ChildStep['input']>>, when: checkWhen, timeout: toMs }
  const { timeout, ...checked } = checkOptions(options, `process step '${name}'`, checks)
  return { kind: 'process', name, child, ...defined({ ...checked, timeoutMs: timeout }) }
}
