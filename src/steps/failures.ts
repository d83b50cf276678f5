import { mustBe, oneOf } from '../record/check.ts'
import type { ErrorRecord, Json } from '../record/record.ts'

/** What became of an item or a branch, in the form of `Promise.allSettled`. */
export type Settled<Output> =
  | { readonly status: 'fulfilled'; readonly value: Output }
  | { readonly status: 'rejected'; readonly error: ErrorRecord }

/** Options of steps that consist of many pieces of work: each and parallel. */
export interface FailureOptions<OnFailure extends 'stop' | 'keep' = 'stop' | 'keep'> {
  /**
   * What happens when an item or a branch has failed for good. 'stop': the process fails, and the
   * others are told to end. 'keep': the others go on, and the output says of each what became of
   * it. Default 'stop'.
   */
  onFailure?: OnFailure | undefined
  /**
   * With `onFailure: 'keep'`: how many may fail, as a number or in percent, such as '10%'. With one
   * more the process fails after all. Default: all.
   */
  tolerate?: number | `${number}%` | undefined
}

/** The output of the step, of what its pieces of work return. */
export type Kept<Output, OnFailure> = [OnFailure] extends ['keep'] ? Settled<Output> : Output

/** Of so many pieces of work, how many may fail. */
export type Tolerated = (of: number) => number

function checkTolerate(given: unknown, what: string): Tolerated {
  if (Number.isSafeInteger(given) && (given as number) >= 0) return () => given as number
  const percent = typeof given === 'string' && /^\d+(\.\d+)?%$/.test(given) ? Number.parseFloat(given) : Infinity
  if (percent > 100) throw mustBe(what, `an integer from 0, or a percentage such as '10%'`, given)
  return of => Math.floor((of * percent) / 100)
}

/** The checks of `FailureOptions`. */
export const FAILURE_CHECKS = { onFailure: oneOf('stop', 'keep'), tolerate: checkTolerate }

/**
 * How many may fail; `undefined`: none, and the first failure is the step's.
 * @throws TypeError
 */
export function planTolerated(
  what: string,
  { onFailure, tolerate }: { readonly onFailure?: 'stop' | 'keep'; readonly tolerate?: Tolerated },
): Tolerated | undefined {
  if (onFailure === 'keep') return tolerate ?? (of => of)
  if (tolerate === undefined) return undefined
  throw new TypeError(`tolerate of ${what} goes with onFailure: 'keep': without it, the first failure ends the step`)
}

export const fulfilled = (value: Json): Json => ({ status: 'fulfilled', value })
export const rejected = (error: ErrorRecord): Json => ({ status: 'rejected', error: error as unknown as Json })

type Of<Status> = Extract<Settled<Json>, { readonly status: Status }>

const isSettledAs = (outcome: unknown, status: string): boolean =>
  (outcome as { readonly status?: unknown } | null | undefined)?.status === status

export const isFulfilled = (outcome: unknown): outcome is Of<'fulfilled'> => isSettledAs(outcome, 'fulfilled')
export const isRejected = (outcome: unknown): outcome is Of<'rejected'> => isSettledAs(outcome, 'rejected')
