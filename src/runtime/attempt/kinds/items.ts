import { toJson } from '../../../record/json.ts'
import type { Json } from '../../../record/record.ts'
import type { EachStep } from '../../../steps/kinds/each.ts'
import { doneItems, Items } from '../items.ts'
import { workerOf } from '../worker.ts'
import type { AttemptKind } from './kind.ts'

/** Works through the items of an each step, once its list is made. */
export const itemsAttempt: AttemptKind<EachStep> = {
  async perform(step, context, attempt) {
    const { machineContext, environment } = attempt.process
    const { clock, maxRecordBytes } = environment
    const items = new Items({
      step,
      items: machineContext.data as readonly Json[],
      // What no earlier attempt began, none has finished.
      memory: attempt.memory,
      done: doneItems(await attempt.memory.outputs, step.tolerated !== undefined),
      context,
      work: workerOf(environment, step),
      write: (run, part, chunk) => attempt.write(`.${run}`, part, chunk),
      clock,
      maxBytes: maxRecordBytes,
      fail: error => {
        if (attempt.isStopped) return
        attempt.progress = items.progress
        attempt.fail(error)
      },
    })
    try {
      return { output: toJson(await items.run(), maxRecordBytes) }
    } finally {
      attempt.progress = items.progress
    }
  },
}
