import { mustBe } from '../../record/check.ts'
import { toMs } from '../../record/duration.ts'
import type { StepContext, UserFunction } from '../work.ts'
import type { Kind } from './kind.ts'

type Fixed = { readonly ms: number } | { readonly at: number }

export interface SleepStep {
  readonly kind: 'sleep'
  readonly name: string
  /** How long in milliseconds, until when, or a function that says so. */
  readonly until: Fixed | { readonly compute: UserFunction }
}

function fixed(until: unknown, what: string): Fixed {
  if (!(until instanceof Date)) return { ms: toMs(until, what) }
  const at = until.getTime()
  if (Number.isNaN(at)) throw mustBe(what, `a valid Date or a duration like '10m'`, until)
  return { at }
}

const titleOf = (step: string): string => `time of sleep '${step}'`

export const sleepKind: Kind<SleepStep> = {
  plan: (name, until) => ({
    kind: 'sleep',
    name,
    until: typeof until === 'function' ? { compute: until as UserFunction } : fixed(until, titleOf(name)),
  }),
}

/**
 * When a sleep ends, in epoch milliseconds. A function is asked once.
 * @throws TypeError if its answer is no Duration and no Date; whatever the function throws
 */
export async function wakeTime(
  { name, until }: SleepStep,
  context: StepContext<any, any, any>,
  now: () => number,
): Promise<number> {
  const known = 'compute' in until ? fixed(await until.compute(context), titleOf(name)) : until
  return 'at' in known ? known.at : now() + known.ms
}

/** When a sleep of this duration, or until this Date, ends. @throws TypeError */
export function wakeTimeOf(until: unknown, what: string, now: number): number {
  const known = fixed(until, what)
  return 'at' in known ? known.at : now + known.ms
}
