import { randomWord } from './random-word.ts'

const HOUR_MS = 3_600_000
/** The first millisecond whose pid would be longer. */
const PIDS_END_MS = 36 ** 4 * HOUR_MS
const PID = /^[0-9a-z]{20}$/

/**
 * A new process id: 4 characters for the hour of creation, 5 for the milliseconds within it, both
 * in base 36, and 11 random ones. So pids sort by time of creation, and a list of names is a list
 * by age.
 *
 * @param nowMs epoch milliseconds
 * @param random 11 characters of [0-9a-z]
 */
export function createPid(nowMs: number, random: () => string = randomWord): string {
  const hour = Math.floor(nowMs / HOUR_MS)
  return (
    hour.toString(36).padStart(4, '0') +
    Math.floor(nowMs % HOUR_MS)
      .toString(36)
      .padStart(5, '0') +
    random()
  )
}

/** As many pids of one time, which sort in the order in which they stand. */
export const createPids = (nowMs: number, count: number, random?: () => string): string[] =>
  Array.from({ length: count }, () => createPid(nowMs, random)).toSorted()

/**
 * Stores check every pid by this before it becomes part of a path. To a store, anything else is a
 * process that does not exist.
 */
export const isPid = (text: unknown): text is string => typeof text === 'string' && PID.test(text)

/** The first characters of a name, as many as a pid has. */
export const pidAtHead = (name: string): string => name.slice(0, 20)

/** The hour of creation in base 36: the folder of an ended process. */
export const hourOf = (pid: string): string => pid.slice(0, 4)

/** The first millisecond of an hour as `hourOf` writes it. */
export const startOfHour = (hour: string): number => Number.parseInt(hour, 36) * HOUR_MS

/** When a process was created, in epoch milliseconds. */
export const createdAtOf = (pid: string): number => startOfHour(hourOf(pid)) + Number.parseInt(pid.slice(4, 9), 36)

/** The pids of processes created before `ms` sort before it, and no others. */
export function firstPidOf(ms: number): string {
  if (ms <= 0) return ''
  return ms < PIDS_END_MS ? createPid(Math.ceil(ms), () => '') : '{'
}
