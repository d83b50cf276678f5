import { mustBe } from './check.ts'

/**
 * Milliseconds, or a number with its unit: `'300ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'7d'`. At most a
 * hundred years.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const FORM = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
/** A hundred years: now + a duration is always a time that a Date can hold. */
const MAX_MS = 36_500 * UNITS.d

function parse(value: unknown): number {
  if (typeof value === 'number') return value
  const [, amount, unit] = (typeof value === 'string' && FORM.exec(value)) || []
  return amount === undefined ? Number.NaN : Number(amount) * UNITS[unit as keyof typeof UNITS]
}

/**
 * A duration in whole milliseconds.
 * @param what names the option in the error, e.g. `timeout of step 'read'`
 * @throws TypeError if it is not a duration, is negative, or is longer than a hundred years
 */
export function toMs(value: unknown, what: string): number {
  const ms = parse(value)
  if (ms >= 0 && ms <= MAX_MS) return Math.round(ms)
  throw mustBe(what, `milliseconds or a duration like '300ms' '30s' '5m' '1.5h' '7d', from 0 to 36500d`, value)
}
