import { mustBe } from '../../record/check.ts'
import { toMs } from '../../record/duration.ts'
import type { SleepStep } from '../plan.ts'
import type { StepContext } from '../work.ts'

type Fixed = { readonly ms: number } | { readonly at: number }

function fixed(until: unknown, what: string): Fixed {
  if (!(until instanceof Date)) return { ms: toMs(until, what) }
  const at = until.getTime()
  if (Number.isNaN(at)) throw mustBe(what, `a valid Date or a duration like '10m'`, until)
  return { at }
}

const titleOf = (step: string): string => `time of sleep '${step}'`

/** @throws TypeError if it is no Duration, Date or function */
export function planSleep(name: string, until: unknown): SleepStep['until'] {
  return typeof until === 'function' ? { compute: until as (context: StepContext<any, any, any>) => unknown } : fixed(until, titleOf(name))
}

/**
 * When a sleep ends, in epoch milliseconds. A function is asked once.
 * @throws TypeError if its answer is no Duration and no Date; whatever the function throws
 */
export async function wakeTime({ name, until }: SleepStep, context: StepContext<any, any, any>, now: () => number): Promise<number> {
  const known = 'compute' in until ? fixed(await until.compute(context), titleOf(name)) : until
  return 'at' in known ? known.at : now() + known.ms
}
