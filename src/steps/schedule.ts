import { Cron } from 'croner'
import { checkOptions, checkText, mustBe, oneOf } from '../record/check.ts'
import { toMs, type Duration } from '../record/duration.ts'
import { instantOf, latestWallTime } from './time-zone.ts'

/**
 * When processes of a definition start by themselves: by a cron pattern, or at an interval.
 * @example { cron: '30 2 * * *', timeZone: 'Europe/Berlin', missed: 'once' }
 * @example { every: '15m' }
 */
export type ScheduleOptions = CronSchedule | IntervalSchedule

/** No value has this type: its name is what the compiler reports. A time zone goes with `cron`. */
export interface GiveEitherCronOrEvery {
  readonly 'give either cron or every': never
}

/** Options of every schedule. */
export interface MissedTicks {
  /**
   * What to do about ticks that pass while no host is there: skip them, or catch up with the last
   * one once. Default 'skip'.
   */
  missed?: 'skip' | 'once' | undefined
}

/** Starts a process whenever a cron pattern matches. */
export interface CronSchedule extends MissedTicks {
  /**
   * Minute, hour, day of month, month and day of week, with seconds in front if there are six
   * fields; or `@hourly`, `@daily` and so on.
   */
  cron: string
  /** The time zone of the pattern, such as 'Europe/Berlin'. Default 'UTC'. */
  timeZone?: string | undefined
  every?: GiveEitherCronOrEvery
}

/** Starts a process at an interval. */
export interface IntervalSchedule extends MissedTicks {
  /**
   * The interval, of at least a second. It is counted from 1970 in UTC, so that all hosts agree.
   */
  every: Duration
  cron?: GiveEitherCronOrEvery
  timeZone?: GiveEitherCronOrEvery
}

/** A schedule with its options checked. */
export interface PlannedSchedule {
  readonly at: { readonly pattern: string; readonly timeZone: string } | { readonly everyMs: number }
  readonly missed: 'skip' | 'once'
}

const SHORTEST_MS = 1_000

function checkTimeZone(timeZone: unknown, what: string): string {
  try {
    Intl.DateTimeFormat('en', { timeZone: checkText(timeZone, what) })
    return timeZone as string
  } catch {
    throw mustBe(what, `a name such as 'Europe/Berlin'`, timeZone)
  }
}

function checkEvery(every: unknown, what: string): number {
  const ms = toMs(every, what)
  if (ms >= SHORTEST_MS) return ms
  throw mustBe(what, 'at least a second', every)
}

const CHECKS = { cron: checkText, every: checkEvery, timeZone: checkTimeZone, missed: oneOf('skip', 'once') }

/** @throws TypeError */
export function planSchedule(options: unknown, what: string): PlannedSchedule {
  const { cron, every, timeZone, missed = 'skip' } = checkOptions(options, what, CHECKS, what)
  if (cron !== undefined && every === undefined) return { at: checkPattern(cron, timeZone ?? 'UTC', what), missed }
  if (every !== undefined && cron === undefined && timeZone === undefined) return { at: { everyMs: every }, missed }
  throw mustBe(what, `{ cron, timeZone?, missed? } or { every, missed? }`, options)
}

function checkPattern(pattern: string, timeZone: string, what: string): { pattern: string; timeZone: string } {
  let next: Date | null
  try {
    next = cronOf({ pattern }).nextRun()
  } catch (cause) {
    const { message } = mustBe(`cron of ${what}`, `a cron pattern such as '*/5 * * * *'`, pattern)
    throw new TypeError(`${message}: ${(cause as Error).message}`, { cause })
  }
  if (next === null) throw mustBe(`cron of ${what}`, 'a pattern that comes again', pattern)
  return { pattern, timeZone }
}

/**
 * Gives croner wall times as if they were UTC. With a time zone of its own, croner's next and
 * previous times do not agree where clocks change, and its next time may have passed.
 */
const cronOf = ({ pattern }: { pattern: string }): Cron => new Cron(pattern, { timezone: 'UTC', paused: true })

/** The first tick after a time, both in epoch milliseconds; `undefined` if none is left. */
export function nextTick({ at }: PlannedSchedule, afterMs: number): number | undefined {
  if ('everyMs' in at) return (Math.floor(afterMs / at.everyMs) + 1) * at.everyMs
  const next = cronOf(at).nextRun(new Date(latestWallTime(afterMs, at.timeZone)))
  return next === null ? undefined : instantOf(next.getTime(), at.timeZone)
}

/** The last tick up to and including a time, in epoch milliseconds. */
export function lastTick({ at }: PlannedSchedule, untilMs: number): number | undefined {
  if ('everyMs' in at) return Math.floor(untilMs / at.everyMs) * at.everyMs
  // croner looks for what is before a time, in whole seconds.
  const before = (Math.floor(latestWallTime(untilMs, at.timeZone) / 1000) + 1) * 1000
  const [last] = cronOf(at).previousRuns(1, new Date(before))
  return last && instantOf(last.getTime(), at.timeZone)
}

/** The time between the next two ticks, in milliseconds; 0 if fewer than two are left. */
export function periodOf(schedule: PlannedSchedule, nowMs: number): number {
  const next = nextTick(schedule, nowMs)
  const following = next === undefined ? undefined : nextTick(schedule, next)
  return next === undefined || following === undefined ? 0 : following - next
}

/** The schedule as text for people. */
export const describeSchedule = ({ at }: PlannedSchedule): string =>
  'everyMs' in at ? `every ${at.everyMs / 1000}s` : at.pattern
