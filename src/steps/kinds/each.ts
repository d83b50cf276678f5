import { checkFunction, checkOptions } from '../../record/check.ts'
import { checkIsolate, checkWork } from '../check-work.ts'
import { retryOf, timeoutOf, whenOf } from './function.ts'
import type { EachStep } from '../plan.ts'
import { show } from '../../record/show.ts'

const DEFAULT_CONCURRENCY = 10

function concurrencyOf(value: unknown, what: string): number {
  if (value === undefined) return DEFAULT_CONCURRENCY
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw new TypeError(`concurrency of ${what} must be an integer from 1; received ${show(value)}`)
}

/** @throws TypeError */
export function planEach(name: string, items: unknown, work: unknown, options: unknown = {}): EachStep {
  const what = `each step '${name}'`
  const keys = ['concurrency', 'timeout', 'retry', 'when', 'isolate']
  const { concurrency, timeout, retry, when, isolate } = checkOptions(options, `options of ${what}`, keys)
  const checked = checkWork(work, what)
  return {
    kind: 'each',
    name,
    items: checkFunction<EachStep['items']>(items, `items of ${what}`),
    work: checked,
    ...checkIsolate(isolate, checked, what),
    concurrency: concurrencyOf(concurrency, what),
    ...whenOf(when, what),
    ...timeoutOf(timeout, what),
    ...retryOf(retry, what),
  }
}

/** @throws TypeError */
export function checkItems(items: unknown, name: string): readonly unknown[] {
  if (Array.isArray(items)) return items
  throw new TypeError(`items of each step '${name}' must be an array; received ${show(items)}`)
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
