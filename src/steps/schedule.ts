import { Cron } from 'croner'
import { toMs, type Duration } from '../record/duration.ts'
import { show } from '../record/show.ts'

/** When a process is started by itself, as `defineProcess` takes it. */
export interface ScheduleOptions {
  /** A cron pattern: minute, hour, day of month, month, day of week (a sixth field in front: seconds), or a nickname such as `@daily`. */
  schedule?: string | undefined
  /** Instead of a pattern: at every multiple of this since 1970 in UTC, so that all hosts agree. At least a second. */
  every?: Duration | undefined
  /** Of the pattern, like 'Europe/Berlin'. Default: UTC, the same for every host. */
  timeZone?: string | undefined
  /** What to do with ticks that passed while no host was there: nothing, or catch up once. Default 'skip'. */
  missed?: 'skip' | 'once' | undefined
}

/** Checked. */
export interface PlannedSchedule {
  readonly at: { readonly pattern: string; readonly timeZone: string } | { readonly everyMs: number }
  readonly missed: 'skip' | 'once'
}

const SHORTEST_MS = 1_000

/**
 * `undefined`: the process is started by hand only.
 * @throws TypeError
 */
export function planSchedule(
  { schedule, every, timeZone, missed }: { [K in keyof ScheduleOptions]: unknown },
  what: string,
): PlannedSchedule | undefined {
  if (missed !== undefined && missed !== 'skip' && missed !== 'once')
    throw new TypeError(`missed of ${what} must be 'skip' or 'once'; received ${show(missed)}`)
  if (schedule !== undefined && every !== undefined) throw new TypeError(`${what} has a schedule and an every: choose one`)
  if (schedule !== undefined) {
    const at = { pattern: schedule as string, timeZone: (timeZone ?? 'UTC') as string }
    checkPattern(at, what)
    return { at, missed: missed ?? 'skip' }
  }
  const orphan = timeZone !== undefined ? 'timeZone' : every === undefined && missed !== undefined ? 'missed' : undefined
  if (orphan !== undefined) throw new TypeError(`${what} has a ${orphan}, but no schedule`)
  if (every === undefined) return undefined
  const everyMs = toMs(every, `every of ${what}`)
  if (everyMs < SHORTEST_MS) throw new TypeError(`every of ${what} must be at least a second; received ${show(every)}`)
  return { at: { everyMs }, missed: missed ?? 'skip' }
}

function checkPattern({ pattern, timeZone }: { pattern: unknown; timeZone: unknown }, what: string): void {
  if (typeof pattern !== 'string')
    throw new TypeError(`schedule of ${what} must be a cron pattern such as '*/5 * * * *'; received ${show(pattern)}`)
  if (typeof timeZone !== 'string')
    throw new TypeError(`timeZone of ${what} must be a name such as 'Europe/Berlin'; received ${show(timeZone)}`)
  try {
    Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw new TypeError(`timeZone of ${what} must be a name such as 'Europe/Berlin'; received ${show(timeZone)}`)
  }
  let next: Date | null
  try {
    next = cronOf({ pattern, timeZone }).nextRun()
  } catch (cause) {
    throw new TypeError(
      `schedule of ${what} must be a cron pattern such as '*/5 * * * *'; received ${show(pattern)}: ${(cause as Error).message}`,
      { cause },
    )
  }
  if (next === null) throw new TypeError(`schedule of ${what} never comes: ${show(pattern)}`)
}

const cronOf = ({ pattern, timeZone }: { pattern: string; timeZone: string }): Cron =>
  new Cron(pattern, { timezone: timeZone, paused: true })

/** The first tick after a time, both in epoch milliseconds. `undefined`: there is none any more. */
export function nextTick({ at }: PlannedSchedule, afterMs: number): number | undefined {
  if ('everyMs' in at) return (Math.floor(afterMs / at.everyMs) + 1) * at.everyMs
  return cronOf(at).nextRun(new Date(afterMs))?.getTime()
}

/** The last tick up to and including a time, in epoch milliseconds. */
export function lastTick({ at }: PlannedSchedule, untilMs: number): number | undefined {
  if ('everyMs' in at) return Math.floor(untilMs / at.everyMs) * at.everyMs
  // Patterns go by whole seconds, and ask for what is before.
  const before = (Math.floor(untilMs / 1000) + 1) * 1000
  return cronOf(at).previousRuns(1, new Date(before))[0]?.getTime()
}

/** As people read it. */
export const describeSchedule = ({ at }: PlannedSchedule): string => ('everyMs' in at ? `every ${at.everyMs / 1000}s` : at.pattern)
