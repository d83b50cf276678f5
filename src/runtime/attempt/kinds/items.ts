import { toJson } from '../../../record/json.ts'
import type { Json } from '../../../record/record.ts'
import type { EachStep } from '../../../steps/kinds/each.ts'
import type { StepContext } from '../../../steps/work.ts'
import { doneItems, Items, type ItemsWork } from '../items.ts'
import { startFrom } from '../start-process.ts'
import { workerOf } from '../worker.ts'
import type { AttemptKind, AttemptUnderWay } from './kind.ts'

/** Works through the items of an each step, once its list is made. */
export const itemsAttempt: AttemptKind<EachStep> = {
  perform: (step, context, attempt) =>
    performItems(step, context, attempt, workerOf(attempt.process.environment, { ...step, work: step.work! })),
}

/** @param work what is done to an item */
export async function performItems(
  step: EachStep,
  context: StepContext,
  attempt: AttemptUnderWay,
  work: ItemsWork['work'],
): Promise<{ readonly output: Json }> {
  const { machineContext, environment } = attempt.process
  const { clock, maxRecordBytes } = environment
  const items = new Items({
    step,
    items: machineContext.data as readonly Json[],
    // What no earlier attempt began, none has finished.
    memory: attempt.memory,
    done: doneItems(await attempt.memory.outputs, step.tolerated !== undefined),
    context,
    work,
    write: (run, part, chunk) => attempt.write(`.${run}`, part, chunk),
    start: key => startFrom(attempt.process, key, attempt.execution),
    clock,
    maxBytes: maxRecordBytes,
    fail: error => {
      if (attempt.isStopped) return
      attempt.progress = items.progress
      attempt.fail(error)
    },
  })
  attempt.onStop = () => items.flush()
  try {
    return { output: toJson(await items.run(), maxRecordBytes) }
  } finally {
    attempt.progress = items.progress
  }
}
