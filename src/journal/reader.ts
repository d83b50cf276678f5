import { setTimeout as delay } from 'node:timers/promises'
import { FileWasCut, firstLine, lastLine, linesBackwards, linesOf } from './file-bytes.ts'
import type { FileBytes } from './file-bytes.ts'
import { corrupt, readFailed } from './failures.ts'
import { StepwrightError } from '../errors.ts'
import { LOOK_AGAIN_MS } from './journal.ts'
import { Nonsense, fold, foldNewest, parseFirst, parseLine, statusAtHead } from './line.ts'
import type { ProcessRecord, ProcessStatus } from '../record/record.ts'

/** A process's journal, opened by a reader. A rename of the file does not disturb it. */
export interface OpenJournal {
  readonly fd: number
  readonly pid: string
  /** Absolute; where it was when it was opened. */
  readonly file: string
}

/** The newest record; `undefined` while the first line is not whole: the process has not begun. */
export function newestRecord(bytes: FileBytes, { pid, file }: OpenJournal): ProcessRecord | undefined {
  const head = firstLine(bytes)
  return head === undefined ? undefined : foldNewest(head, linesBackwards(bytes), pid, file)
}

/** The status that the newest line says; `undefined` while the first line is not whole. */
export function newestStatus(bytes: FileBytes, pid: string): ProcessStatus | undefined {
  const text = lastLine(bytes)
  return text === undefined ? undefined : (statusAtHead(text, pid) ?? parseLine(text, pid).status)
}

/** The record after each line, oldest first. */
export function everyRecord(bytes: FileBytes, { pid, file }: OpenJournal): ProcessRecord[] {
  const records: ProcessRecord[] = []
  for (const text of linesOf(bytes.slice(0, bytes.size))) {
    const before = records.at(-1)
    records.push(before === undefined ? parseFirst(text, pid, file) : fold(before, parseLine(text, pid)))
  }
  return records
}

/**
 * Reads, and looks again shortly when what it finds makes no sense.
 *
 * @throws ERR_STORE_CORRUPT if it still makes none after about 50 ms, ERR_STORE_READ, ERR_STORE_VERSION
 */
export async function settled<T>(file: string, read: () => T): Promise<T> {
  for (const pause of LOOK_AGAIN_MS) {
    try {
      return read()
    } catch (error) {
      if (!isTransient(error)) throw asFailure(file, error)
      await delay(pause)
    }
  }
  return final(file, read)
}

/** Reads what nobody writes any more: nonsense is corrupt at once. */
export function final<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw asFailure(file, error)
  }
}

/** It may make sense at the next look. */
export const isTransient = (error: unknown): boolean => error instanceof Nonsense || error instanceof FileWasCut

function asFailure(file: string, error: unknown): Error {
  if (error instanceof StepwrightError) return error
  return isTransient(error) ? corrupt(file, error) : readFailed(file, error)
}
