import { setTimeout as delay } from 'node:timers/promises'
import { FileWasCut, firstLine, lastLine, linesBackwards, linesOf } from './file-bytes.ts'
import type { FileBytes } from './file-bytes.ts'
import { corrupt, readFailed } from './failures.ts'
import { StepwrightError } from '../errors.ts'
import { LOOK_AGAIN_MS } from './journal.ts'
import { Nonsense, foldEvery, foldNewest, parseLine, headOf, type LineHead } from './line.ts'
import type { ProcessRecord } from '../record/record.ts'

/** A process's journal, opened by a reader. A rename of the file does not disturb it. */
export interface OpenJournal {
  readonly fd: number
  readonly pid: string
  /** The absolute path that it had when it was opened. */
  readonly file: string
}

/**
 * The newest record, or `undefined` while the first line is not complete: the process has not
 * begun.
 */
export function newestRecord(bytes: FileBytes, { pid, file }: OpenJournal): ProcessRecord | undefined {
  const head = firstLine(bytes)
  return head === undefined ? undefined : foldNewest(head, linesBackwards(bytes), pid, file)
}

/** The head of the newest line, or `undefined` while the first line is not complete. */
export function newestHead(bytes: FileBytes, pid: string): LineHead | undefined {
  const text = lastLine(bytes)
  return text === undefined ? undefined : (headOf(text, pid) ?? parseLine(text, pid))
}

/** The record after each line, oldest first. */
export const everyRecord = (bytes: FileBytes, { pid, file }: OpenJournal): Generator<ProcessRecord> =>
  foldEvery(linesOf(bytes.slice(0, bytes.size)), pid, file)

/**
 * Calls `read`, and calls it again after a short pause if the content makes no sense.
 *
 * @throws ERR_STORE_CORRUPT if it still makes no sense after about 50 ms, ERR_STORE_READ,
 * ERR_STORE_VERSION
 */
export async function settled<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  for (let look = 0; ; look++) {
    try {
      return await read()
    } catch (error) {
      const pause = LOOK_AGAIN_MS[look]
      if (pause === undefined || !isTransient(error)) throw asFailure(file, error)
      await delay(pause)
    }
  }
}

/** Calls `read` for a file that nobody writes any more, so nonsense is corrupt at once. */
export function final<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw asFailure(file, error)
  }
}

/** Whether the file may make sense at the next look. */
export const isTransient = (error: unknown): boolean => error instanceof Nonsense || error instanceof FileWasCut

/** What a reader throws if the content of a file made it throw `error`. */
export function asFailure(file: string, error: unknown): Error {
  if (error instanceof StepwrightError) return error
  return isTransient(error) ? corrupt(file, error) : readFailed(file, error)
}
