import { isStoreError } from '../../../errors.ts'
import type { Json } from '../../../record/record.ts'
import type { EachStep } from '../../../steps/kinds/each.ts'
import { planOf } from '../../../steps/plan.ts'
import type { StepContext } from '../../../steps/work.ts'
import { keepTrying } from '../../keep-trying.ts'
import { performItems } from './items.ts'
import type { AttemptKind, AttemptUnderWay } from './kind.ts'

/** Waits for the processes that are the items of an each step, and starts them, several at a time. */
export const childrenAttempt: AttemptKind<EachStep> = {
  takesNoSlot: true,
  perform: (step, context, attempt) =>
    performItems(step, context, attempt, (item, _, index) => runChild(step, item, attempt, index)),
}

/** The output of the process of one item. */
async function runChild(
  { name, child }: EachStep,
  { data, signal }: StepContext,
  attempt: AttemptUnderWay,
  index: number,
): Promise<Json> {
  const { pid, environment } = attempt.process
  const { clock } = environment
  const start = async (): Promise<string> => {
    signal.throwIfAborted()
    return environment.startChild(planOf(child), data as Json, { pid, step: name }, 0, index)
  }
  // A store that fails is waited for: it is no failure of the item.
  const onError = (error: unknown): void => environment.onStoreError(error, pid)
  const started = await keepTrying(start, { clock, onError, passes: isStoreError })
  return new Promise((resolve, reject) => {
    environment.waitForChild(started, { resolve, reject })
    const stop = (): void => {
      reject(signal.reason as Error)
      // Whatever ends the step is on record a moment later. Otherwise another host waits on.
      queueMicrotask(() => {
        if (attempt.process.isEnding) environment.cancelChild(started, pid)
      })
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
