import { checkFunction, checkOptions, integerFrom, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { show } from '../../record/show.ts'
import { checkWhen, checkWork, WORK_CHECKS } from '../check-work.ts'
import { FAILURE_CHECKS, planTolerated, type FailureOptions, type Tolerated } from '../failures.ts'
import type { WhenOption } from '../step-options.ts'
import type { IsolateMode, WorkOptions } from '../work-options.ts'
import type { PlannedRetry } from '../retry.ts'
import type { UserFunction, Work } from '../work.ts'
import type { Kind } from './kind.ts'

const DEFAULT_CONCURRENCY = 10

/** Options of an each step. `timeout` and `retry` are those of one item. */
export interface EachOptions<C, When extends boolean = boolean, OnFailure extends 'stop' | 'keep' = 'stop' | 'keep'>
  extends WorkOptions, WhenOption<C, When>, FailureOptions<OnFailure> {
  /** How many items are under way at a time. Default 10. */
  concurrency?: number | undefined
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
  /** How many items may fail. Without it, the first failure is the step's. */
  readonly tolerated?: Tolerated
}

export const eachKind: Kind<EachStep> = {
  plan(name, items, work, options = {}) {
    const what = `each step '${name}'`
    const checks = { concurrency: integerFrom(1), when: checkWhen, ...WORK_CHECKS, ...FAILURE_CHECKS }
    const {
      timeout,
      concurrency = DEFAULT_CONCURRENCY,
      onFailure,
      tolerate,
      ...checked
    } = checkOptions(options, what, checks)
    const tolerated = planTolerated(what, defined({ onFailure, tolerate }))
    return {
      kind: 'each',
      name,
      items: checkFunction<UserFunction>(items, `items of ${what}`),
      work: checkWork(work, what, checked.isolate),
      concurrency,
      ...defined({ ...checked, timeoutMs: timeout, tolerated }),
    }
  },
  begins:
    ({ name, items }) =>
    async context =>
      checkItems(await items(context), name),
}

function checkItems(items: unknown, name: string): readonly unknown[] {
  if (Array.isArray(items)) return items
  throw mustBe(`items of each step '${name}'`, 'an array', items)
}

/**
 * The failure of one item, which is its step's. Keeps the code, so that whoever catches it can tell
 * a timeout.
 */
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
