import { checkFunction, checkOptions, integerFrom, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { show } from '../../record/show.ts'
import { checkWhen, checkWork } from '../check-work.ts'
import type { EachStep } from '../plan.ts'
import { WORK_CHECKS } from './function.ts'

const DEFAULT_CONCURRENCY = 10

/** @throws TypeError */
export function planEach(name: string, items: unknown, work: unknown, options: unknown = {}): EachStep {
  const what = `each step '${name}'`
  const checks = { concurrency: integerFrom(1), when: checkWhen, ...WORK_CHECKS }
  const { timeout, concurrency = DEFAULT_CONCURRENCY, ...checked } = checkOptions(options, what, checks)
  return {
    kind: 'each',
    name,
    items: checkFunction<EachStep['items']>(items, `items of ${what}`),
    work: checkWork(work, what, checked.isolate),
    concurrency,
    ...defined({ ...checked, timeoutMs: timeout }),
  }
}

/** @throws TypeError */
export function checkItems(items: unknown, name: string): readonly unknown[] {
  if (Array.isArray(items)) return items
  throw mustBe(`items of each step '${name}'`, 'an array', items)
}

/** The failure of one item, which is its step's. Keeps the code, so that whoever catches it can tell a timeout. */
export class ItemError extends Error {
  override name = 'ItemError'
  readonly code: unknown
  readonly index: number
  readonly attempt: number
  constructor(step: string, index: number, attempt: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : show(cause)
    super(`Item ${index} of step '${step}' failed${attempt > 1 ? ` at attempt ${attempt}` : ''}: ${why}`, { cause })
    this.code = (cause as { code?: unknown } | null | undefined)?.code
    this.index = index
    this.attempt = attempt
  }
}
