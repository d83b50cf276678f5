import { copyJson } from '../../../record/json.ts'
import { workOf } from '../../../record/memory.ts'
import { reasonOf, type ErrorRecord, type Json } from '../../../record/record.ts'
import { isFulfilled } from '../../../steps/failures.ts'
import type { WorkUndo } from '../../../steps/kinds/undo.ts'
import type { UndoContext } from '../../../steps/undo-options.ts'
import type { AnyContext, StepContext } from '../../../steps/work.ts'
import { workerOf } from '../worker.ts'
import type { AttemptKind, AttemptUnderWay } from './kind.ts'

/** Calls the user's undo with what its step was given and has returned, from the journal. */
export const undoAttempt: AttemptKind<WorkUndo> = {
  async perform(step, context, attempt) {
    const { data, output } = workOf(await attempt.process.records(), step.of)
    attempt.execution.throwIfAborted()
    const work = workerOf(attempt.process.environment, step)
    await work(undoContext({ ...context, data }, succeeded(output, step.settled), attempt), attempt.remembers)
    return { output: null }
  },
  // Work of a step that the process has left may still be under way.
  follows: attempts => attempts.leftovers(),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  retry: ({ retry }) => retry,
}

/**
 * The context of an undo: that of a step, but with an output instead of the function of this name.
 * Both are called alike, so it passes for one.
 */
export function undoContext(context: StepContext, output: Json | undefined, { process }: AttemptUnderWay): AnyContext {
  const error = process.machineContext.error as ErrorRecord
  return {
    ...context,
    output,
    error: copyJson(error as unknown as Json) as unknown as ErrorRecord,
    reason: reasonOf(error),
  } satisfies UndoContext as unknown as AnyContext
}

/**
 * @param isSettled whether the output says if the work has succeeded, as `Promise.allSettled` does
 */
export const succeeded = (output: Json | undefined, isSettled: boolean | undefined): Json | undefined =>
  isSettled && isFulfilled(output) ? output.value : output
