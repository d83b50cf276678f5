/**
 * Converts between instants and wall times (what a clock on the wall shows), both in milliseconds
 * since 1970: a wall time is read as if it were UTC. `Temporal` can replace this once every
 * supported Node has it.
 */

const DAY_MS = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone)
  if (format === undefined) {
    const [numeric, hourCycle] = ['numeric', 'h23'] as const
    const parts = {
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle, ...parts })
    formats.set(timeZone, format)
  }
  return format
}

/** The wall time at an instant. */
export function wallTimeOf(instant: number, timeZone: string): number {
  if (timeZone === 'UTC') return instant
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000)
}

const offsetAt = (instant: number, timeZone: string): number => wallTimeOf(instant, timeZone) - instant

/** The first instant in `(from, to]` with another offset than `from`. */
function changeBetween(from: number, to: number, timeZone: string): number {
  const before = offsetAt(from, timeZone)
  let [low, high] = [from, to]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle, timeZone) === before) low = middle
    else high = middle
  }
  return high
}

/**
 * The instant of a wall time. If clocks show it twice, the first time; if they leave it out, the
 * moment at which they are put forward. So a later wall time never has an earlier instant.
 */
export function instantOf(wallTime: number, timeZone: string): number {
  const offsets = [wallTime - DAY_MS, wallTime + DAY_MS]
    .map(instant => offsetAt(instant, timeZone))
    .toSorted((a, b) => b - a)
  const [earlier, later] = offsets.map(offset => wallTime - offset) as [number, number]
  const shown = [earlier, later].find(instant => wallTimeOf(instant, timeZone) === wallTime)
  return shown ?? changeBetween(earlier, later, timeZone)
}

/**
 * The latest wall time whose instant has come. While clocks show an hour for the second time, that
 * is the end of the first.
 */
export function latestWallTime(instant: number, timeZone: string): number {
  const wallTime = wallTimeOf(instant, timeZone)
  const first = instantOf(wallTime, timeZone)
  return first === instant ? wallTime : wallTimeOf(changeBetween(first, instant, timeZone) - 1, timeZone)
}
