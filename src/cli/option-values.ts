import { InvalidArgumentError } from 'commander'
import { toMs } from '../record/duration.ts'

/** Parsers of option values that several commands share. */

export function addLabel(value: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It has the form name=value.')
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) }
}

export function toCount(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(value)
}

export function toPort(value: string): number {
  const port = Number(value)
  if (!/^\d{1,5}$/.test(value) || port > 65_535)
    throw new InvalidArgumentError('It is a number from 0 (any free port) to 65535.')
  return port
}

export function toSpeed(value: string): number {
  const speed = Number(value)
  if (!(speed > 0)) throw new InvalidArgumentError('It is a number above 0: 2 is twice as fast.')
  return speed
}

/** In milliseconds. */
export function toDuration(value: string): number {
  try {
    return toMs(value, '')
  } catch {
    throw new InvalidArgumentError("It has the form '30s', '5m', '10h' or '7d'.")
  }
}

/** A date, or a duration from now in milliseconds. */
export function toDelay(value: string): number | Date {
  const at = dateOf(value)
  if (at !== undefined) return new Date(at)
  try {
    return toMs(value, '')
  } catch {
    throw new InvalidArgumentError("It is a duration such as '10m' or '7d', or a time such as 2026-01-31T12:00:00Z.")
  }
}

export function toPriority(value: string): number {
  const priority = Number(value)
  if (!/^-?\d{1,3}$/.test(value) || Math.abs(priority) > 100)
    throw new InvalidArgumentError('It is a whole number from -100 to 100.')
  return priority
}

/** `Date.parse` takes any number for a year, and much else. */
function dateOf(value: string): number | undefined {
  const at = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** Epoch milliseconds, of a time or of a duration before now. */
export type Time = (now: number) => number

export function toTime(value: string): Time {
  const at = dateOf(value)
  if (at !== undefined) return () => at
  try {
    const ms = toMs(value, '')
    return now => now - ms
  } catch {
    throw new InvalidArgumentError(
      "It is a duration before now, such as '1h' or '7d', or a time such as 2026-01-31 or 2026-01-31T12:00:00Z.",
    )
  }
}
