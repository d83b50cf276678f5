import { asFailure } from '../journal/reader.ts'
import { foldEvery } from '../journal/line.ts'
import type { ProcessRecord } from '../record/record.ts'
import { createLoopYield } from './loop-yield.ts'

/** All that `items` yields. The event loop turns in between, however many there are. */
export async function inPieces<T>(items: Iterable<T>): Promise<T[]> {
  const yieldLoop = createLoopYield()
  const all: T[] = []
  for (const item of items) {
    all.push(item)
    const turn = yieldLoop()
    if (turn !== undefined) await turn
  }
  return all
}

/**
 * The record after each of a journal's lines, oldest first; `undefined` if there is none.
 *
 * @param place what messages name
 * @throws ERR_STORE_CORRUPT, ERR_STORE_VERSION
 */
export async function everyRecordOf(
  lines: readonly string[],
  pid: string,
  place: string,
): Promise<ProcessRecord[] | undefined> {
  try {
    return lines.length === 0 ? undefined : await inPieces(foldEvery(lines, pid, place))
  } catch (error) {
    throw asFailure(place, error)
  }
}
