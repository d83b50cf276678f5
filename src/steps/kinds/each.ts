import { checkFunction, checkOptions, integerFrom, isObject, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import type { ProcessDefinition } from '../../record/definition.ts'
import { show } from '../../record/show.ts'
import { checkWhen, checkWork, WORK_CHECKS } from '../check-work.ts'
import { FAILURE_CHECKS, planTolerated, type FailureOptions, type Tolerated } from '../failures.ts'
import type { WhenOption } from '../step-options.ts'
import type { IsolateMode, WorkOptions } from '../work-options.ts'
import type { PlannedRetry } from '../retry.ts'
import type { UserFunction, Work } from '../work.ts'
import type { Kind } from './kind.ts'
import { ofSettled, planItemsUndo, type UndoStep } from './undo.ts'

const DEFAULT_CONCURRENCY = 10

/** Options of an each step. `timeout` and `retry` are those of one item. */
export interface EachOptions<C, When extends boolean = boolean, OnFailure extends 'stop' | 'keep' = 'stop' | 'keep'>
  extends WorkOptions, WhenOption<C, When>, FailureOptions<OnFailure> {
  /** How many items are under way at a time. Default 10. */
  concurrency?: number | undefined
}

/** Options of an each step whose items are processes of their own. */
export interface EachProcessOptions<
  C,
  When extends boolean = boolean,
  OnFailure extends 'stop' | 'keep' = 'stop' | 'keep',
>
  extends WhenOption<C, When>, FailureOptions<OnFailure>, Pick<EachOptions<C>, 'concurrency'> {}

/** The same work for every item of a list. */
export interface EachStep {
  readonly kind: 'each'
  readonly name: string
  /** Makes the list. */
  readonly items: UserFunction
  /** What is done to an item; absent: it is the input of a process. */
  readonly work?: Work
  /** The definition of these processes. The builder checks that it is one. */
  readonly child?: ProcessDefinition
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
  readonly undo?: UndoStep
}

/** What a definition has of its own. */
const OF_WORK = ['timeout', 'retry', 'isolate'] as const

function refuse(option: (typeof OF_WORK)[number], options: unknown, what: string): void {
  if (isObject(options) && options[option] !== undefined)
    throw new TypeError(
      `${option} of ${what} goes with a function, and not with a definition: its steps have ${option}, and it may have a timeout`,
    )
}

export const eachKind: Kind<EachStep> = {
  plan(name, items, work, options = {}) {
    const what = `each step '${name}'`
    const isChild = isObject(work) && 'steps' in work && 'run' in work
    if (isChild) for (const option of OF_WORK) refuse(option, options, what)
    const checks = {
      concurrency: integerFrom(1),
      when: checkWhen,
      ...WORK_CHECKS,
      ...FAILURE_CHECKS,
      undo: (given: unknown) => given,
    }
    const {
      timeout,
      concurrency = DEFAULT_CONCURRENCY,
      onFailure,
      tolerate,
      undo: given,
      ...checked
    } = checkOptions(options, what, checks)
    const tolerated = planTolerated(what, defined({ onFailure, tolerate }))
    const ofItems = given === undefined ? undefined : planItemsUndo(name, given, what, concurrency)
    const undo = tolerated ? ofSettled(ofItems) : ofItems
    return {
      kind: 'each',
      name,
      items: checkFunction<UserFunction>(items, `items of ${what}`),
      ...(isChild ? { child: work as unknown as ProcessDefinition } : { work: checkWork(work, what, checked.isolate) }),
      concurrency,
      ...defined({ ...checked, timeoutMs: timeout, tolerated, undo }),
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
