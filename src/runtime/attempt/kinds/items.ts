import { toJson } from '../../../record/json.ts'
import type { Json } from '../../../record/record.ts'
import type { EachStep } from '../../../steps/kinds/each.ts'
import { prepare } from '../../../steps/prepare-work.ts'
import type { ModuleSpec } from '../../../steps/work.ts'
import { finishedItems, Items, type ItemsWork } from '../items.ts'
import type { AttemptEnvironment } from '../workplace.ts'
import type { AttemptKind } from './kind.ts'

/** What works on an item, here or in a worker. */
function itemWorker({ work, isolate }: EachStep, { services, isolation }: AttemptEnvironment): ItemsWork['work'] {
  if (isolate !== undefined && isolation !== undefined)
    return (context, remembers) => isolation.run(work as ModuleSpec, isolate, context, remembers)
  const prepared = prepare(work, services)
  return context => prepared(context)
}

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
      finished: finishedItems(await attempt.memory.outputs),
      context,
      work: itemWorker(step, environment),
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
