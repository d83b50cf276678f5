import { checkFunction, checkOptions } from '../../record/check.ts'
import { timeoutOf, whenOf } from './function.ts'
import type { ChildStep, ProcessPlan } from '../plan.ts'

/** @throws TypeError */
export function planProcess(name: string, child: ProcessPlan, options: unknown = {}): ChildStep {
  const what = `process step '${name}'`
  const { input, when, timeout } = checkOptions(options, `options of ${what}`, ['input', 'when', 'timeout'])
  return {
    kind: 'process',
    name,
    child,
    ...(input !== undefined && { input: checkFunction<NonNullable<ChildStep['input']>>(input, `input of ${what}`) }),
    ...whenOf(when, what),
    ...timeoutOf(timeout, what),
  }
}
