import { createHash } from 'node:crypto'

/**
 * One limit that a process is under. The process begins once it has a place in each of its limits.
 * `places` is how many processes may have one at a time or, with `perMs`, how many may begin within
 * that time.
 */
export interface LimitRecord {
  /** Of all processes that share the places: a hash of the limit and the key. */
  readonly id: string
  /** The name of the limit. */
  readonly limit: string
  readonly key?: string
  readonly places: number
  /** A place that was taken is free again after so many milliseconds. Absent: when its process ends. */
  readonly perMs?: number
}

/**
 * How many places are free, and when the next one will be, in epoch milliseconds, if that is known.
 */
export interface Room {
  readonly free: number
  readonly nextAt?: number
}

const ID = /^[0-9a-f]{32}$/

export const isLimitId = (text: unknown): text is string => typeof text === 'string' && ID.test(text)

export const limitId = (limit: string, perMs: number | undefined, key: string | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify([limit, perMs ?? null, key ?? null]))
    .digest('hex')
    .slice(0, 32)

/**
 * The room of a limit of a rate.
 *
 * @param taken when places were taken, in epoch milliseconds. Times more than `perMs` ahead are of
 * a wrong clock, and do not count
 */
export function roomOfRate({ places, perMs = 0 }: LimitRecord, taken: readonly number[], now: number): Room {
  const counted = taken.filter(at => at + perMs > now && at <= now + perMs).toSorted((a, b) => a - b)
  const free = Math.max(0, places - counted.length)
  return free > 0 ? { free } : { free, nextAt: counted[counted.length - places]! + perMs }
}
