import { isStoreError, StepwrightError } from '../errors.ts'
import { isOfOneJournal } from '../journal/failures.ts'
import type { ProcessInfo } from '../record/info.ts'
import type { BulkStep } from './client.ts'

/** How many processes are worked on at a time. */
const BATCH = 16

/** Does it to one process. */
export type BulkWork = (pid: string) => Promise<Pick<BulkStep, 'outcome' | 'retriedBy'>>

/**
 * Does something to many processes, and reports each. They are all selected first: what is done to
 * one does not change which others fit.
 *
 * @param selected newest first
 * @param work `undefined` in a dry run
 * @throws the reason of `signal`; the errors of a store that fails
 */
export async function* bulk(
  selected: AsyncIterable<ProcessInfo>,
  work: BulkWork | undefined,
  signal: AbortSignal,
  oldestFirst = false,
): AsyncGenerator<BulkStep> {
  const found: Pick<BulkStep, 'pid' | 'name' | 'status'>[] = []
  for await (const { pid, name, status } of selected) {
    signal.throwIfAborted()
    found.push({ pid, name, status })
  }
  if (oldestFirst) found.reverse()
  for (let at = 0; at < found.length; at += BATCH) {
    signal.throwIfAborted()
    const batch = found.slice(at, at + BATCH)
    const outcomes = await Promise.all(batch.map(({ pid }) => attempt(work, pid)))
    for (const [index, outcome] of outcomes.entries())
      yield { ...batch[index]!, ...outcome, done: at + index + 1, total: found.length }
  }
}

async function attempt(
  work: BulkWork | undefined,
  pid: string,
): Promise<Pick<BulkStep, 'outcome' | 'retriedBy' | 'error'>> {
  try {
    return work === undefined ? {} : await work(pid)
  } catch (error) {
    if (
      !(error instanceof StepwrightError) ||
      (isStoreError(error) && !isOfOneJournal(error)) ||
      error.code === 'ERR_CLIENT_CLOSED'
    )
      throw error
    // Children end and go with their parents.
    const isOver = error.code === 'ERR_ALREADY_ENDED' || error.code === 'ERR_UNKNOWN_PROCESS'
    return isOver ? { outcome: 'over' } : { outcome: 'failed', error }
  }
}
