import { fromErrorRecord } from '../../../record/error-record.ts'
import { itemsOf } from '../../../record/memory.ts'
import type { Json, Memory } from '../../../record/record.ts'
import { isFulfilled, isRejected } from '../../../steps/failures.ts'
import type { EachStep } from '../../../steps/kinds/each.ts'
import type { ItemsUndo } from '../../../steps/kinds/undo.ts'
import { doneItems, Items } from '../items.ts'
import { startFrom } from '../start-process.ts'
import { workerOf } from '../worker.ts'
import type { AttemptKind } from './kind.ts'
import { undoContext } from './undo.ts'

/** Undoes the items that have finished, as many at a time as ran. One that fails stops no other. */
export const undoItemsAttempt: AttemptKind<ItemsUndo> = {
  async perform({ name, of, item, settled, ...given }, context, attempt) {
    const { environment } = attempt.process
    const { items, outputs } = itemsOf(await attempt.process.records(), of)
    const finished = [...outputs].flatMap(([index, output]): [number, Json][] => {
      if (settled && isRejected(output)) return []
      return [[index, settled && isFulfilled(output) ? output.value : output]]
    })
    attempt.execution.throwIfAborted()
    const byIndex = new Map(finished)
    const done = doneItems(await attempt.memory.outputs, true)
    for (const index of items.keys()) if (!byIndex.has(index)) done.outputs.set(index, null)
    const work = workerOf(environment, given)
    const step = { ...item, name, tolerated: (all: number) => all } as unknown as EachStep
    const undos = new Items({
      step,
      items,
      memory: attempt.memory,
      done,
      context,
      work: async (one, remembers) => {
        await work(undoContext({ ...one }, byIndex.get(indexOf(one.idempotencyKey)), attempt), remembers)
        return null
      },
      write: (run, part, chunk) => attempt.write(`.${run}`, part, chunk),
      start: key => startFrom(attempt.process, key, attempt.execution),
      clock: environment.clock,
      maxBytes: environment.maxRecordBytes,
      fail: error => attempt.fail(error),
    })
    const outcomes = await undos.run()
    attempt.progress = undos.progress
    const failed = outcomes.flatMap((outcome, index) => (isRejected(outcome) ? [{ index, error: outcome.error }] : []))
    if (failed.length === 0) return { output: null }
    // A retry undoes only what is left.
    const undone = finished.flatMap(([index]): Memory[] => (isRejected(outcomes[index]) ? [] : [[`#${index}`, null]]))
    attempt.memory.write(undone, undos.progress)
    throw new AggregateError(
      failed.map(({ error }) => fromErrorRecord(error)),
      `${failed.length} of ${finished.length} items could not be undone (${failed.map(({ index }) => index).join(', ')})`,
    )
  },
  follows: attempts => attempts.leftovers(),
}

/** The key of an item ends with its index. */
const indexOf = (idempotencyKey: string): number => Number(idempotencyKey.slice(idempotencyKey.lastIndexOf(':') + 1))
