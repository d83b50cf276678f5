import { checkFunction, checkOptions, checkSchema } from './check.ts'
import { checkWork } from './check-work.ts'
import { toMs } from './duration.ts'
import type { FunctionStep, InterruptStep } from './plan.ts'
import { planRetry } from './retry.ts'

const timeoutOf = (value: unknown, what: string): { timeoutMs?: number } =>
  value === undefined ? {} : { timeoutMs: toMs(value, `timeout of ${what}`) }

function interruptOf(value: unknown, what: string): Pick<FunctionStep, 'interrupt'> {
  if (value === undefined || value === false) return {}
  return { interrupt: value === true || checkSchema(value, `interrupt of ${what}`) }
}

/** @throws TypeError */
export function planFunctionStep(name: string, work: unknown, options: unknown = {}): FunctionStep {
  const what = `step '${name}'`
  const { timeout, retry, when, interrupt } = checkOptions(options, `options of ${what}`, ['timeout', 'retry', 'when', 'interrupt'])
  const planned = planRetry(retry, `retry of ${what}`)
  return {
    kind: 'step',
    name,
    work: checkWork(work, what),
    ...(when !== undefined && { when: checkFunction<NonNullable<FunctionStep['when']>>(when, `when of ${what}`) }),
    ...timeoutOf(timeout, what),
    ...(planned && { retry: planned }),
    ...interruptOf(interrupt, what),
  }
}

/** @throws TypeError */
export function planInterrupt(name: string, options: unknown = {}): InterruptStep {
  const what = `interrupt '${name}'`
  const { timeout, schema } = checkOptions(options, `options of ${what}`, ['timeout', 'schema'])
  return {
    kind: 'interrupt',
    name,
    ...timeoutOf(timeout, what),
    ...(schema !== undefined && { schema: checkSchema(schema, `schema of ${what}`) }),
  }
}
