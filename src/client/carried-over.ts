import { moveTimes } from '../record/move-times.ts'
import type { ProcessRecord } from '../record/record.ts'

/**
 * What a process that goes on from the record of another one takes over: all but what is of that
 * process alone.
 *
 * @param ms how much later its times are
 */
export function carriedOver(record: ProcessRecord, ms: number) {
  const {
    key: _key,
    parent: _parent,
    retryOf: _retryOf,
    startsAt: _startsAt,
    trace: _trace,
    progress: _progress,
    memory: _memory,
    deaths: _deaths,
    epoch: _epoch,
    ...kept
  } = moveTimes(record, ms)
  return kept
}
