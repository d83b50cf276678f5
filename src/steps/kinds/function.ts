import { checkFunction, checkOptions, checkSchema } from '../../record/check.ts'
import { checkIsolate, checkWork } from '../check-work.ts'
import { toMs } from '../../record/duration.ts'
import { checkStepName } from '../names.ts'
import type { FunctionStep, InterruptStep, ParallelStep } from '../plan.ts'
import { planRetry } from '../retry.ts'
import { show } from '../../record/show.ts'

export const timeoutOf = (value: unknown, what: string): { timeoutMs?: number } =>
  value === undefined ? {} : { timeoutMs: toMs(value, `timeout of ${what}`) }

function interruptOf(value: unknown, what: string): Pick<FunctionStep, 'interrupt'> {
  if (value === undefined || value === false) return {}
  return { interrupt: value === true || checkSchema(value, `interrupt of ${what}`) }
}

export const whenOf = (value: unknown, what: string): Pick<FunctionStep, 'when'> =>
  value === undefined ? {} : { when: checkFunction<NonNullable<FunctionStep['when']>>(value, `when of ${what}`) }

export function retryOf(value: unknown, what: string): Pick<FunctionStep, 'retry'> {
  const retry = planRetry(value, `retry of ${what}`)
  return retry ? { retry } : {}
}

/** @throws TypeError */
export function planFunctionStep(name: string, work: unknown, options: unknown = {}): FunctionStep {
  const what = `step '${name}'`
  const { timeout, retry, when, interrupt, isolate } = checkOptions(options, `options of ${what}`, [
    'timeout',
    'retry',
    'when',
    'interrupt',
    'isolate',
  ])
  const checked = checkWork(work, what)
  return {
    kind: 'step',
    name,
    work: checked,
    ...checkIsolate(isolate, checked, what),
    ...whenOf(when, what),
    ...timeoutOf(timeout, what),
    ...retryOf(retry, what),
    ...interruptOf(interrupt, what),
  }
}

function planBranch(step: string, key: string, given: unknown): FunctionStep {
  const name = `${step}.${checkStepName(key, `parallel step '${step}'`, 'branch')}`
  const what = `branch '${name}'`
  const { run, timeout, retry, isolate } =
    typeof given === 'object' && given !== null && 'run' in given
      ? checkOptions(given, what, ['run', 'timeout', 'retry', 'isolate'])
      : { run: given, timeout: undefined, retry: undefined, isolate: undefined }
  const work = checkWork(run, what)
  return Object.freeze<FunctionStep>({
    kind: 'step',
    name,
    work,
    ...checkIsolate(isolate, work, what),
    ...timeoutOf(timeout, what),
    ...retryOf(retry, what),
  })
}

/** @throws TypeError */
export function planParallel(name: string, branches: unknown, options: unknown = {}): ParallelStep {
  const what = `parallel step '${name}'`
  if (typeof branches !== 'object' || branches === null || Array.isArray(branches) || Object.keys(branches).length === 0) {
    throw new TypeError(`branches of ${what} must be an object with the work of each branch by its name; received ${show(branches)}`)
  }
  const { when, timeout } = checkOptions(options, `options of ${what}`, ['when', 'timeout'])
  return {
    kind: 'parallel',
    name,
    branches: Object.freeze(Object.entries(branches).map(([key, given]) => planBranch(name, key, given))),
    ...whenOf(when, what),
    ...timeoutOf(timeout, what),
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
