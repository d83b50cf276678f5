import { copyJson } from '../../../record/json.ts'
import { workOf } from '../../../record/memory.ts'
import { reasonOf, type ErrorRecord, type Json } from '../../../record/record.ts'
import type { UndoStep } from '../../../steps/kinds/undo.ts'
import { prepare } from '../../../steps/prepare-work.ts'
import type { UndoContext } from '../../../steps/undo-options.ts'
import type { AnyContext, ModuleSpec } from '../../../steps/work.ts'
import type { AttemptKind, AttemptUnderWay } from './kind.ts'

/** Calls the user's undo with what its step was given and has returned, from the journal. */
export const undoAttempt: AttemptKind<UndoStep> = {
  async perform(step, context, attempt) {
    const { process } = attempt
    const { data, output } = workOf(await process.records(), step.of)
    const error = process.machineContext.error as ErrorRecord
    attempt.execution.throwIfAborted()
    const given = {
      output,
      error: copyJson(error as unknown as Json) as unknown as ErrorRecord,
      reason: reasonOf(error),
    }
    await work(step, attempt)({ ...context, data, ...given })
    return { output: null }
  },
  // What the process has left may still be under way.
  follows: attempts => attempts.leftovers(),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  retry: ({ retry }) => retry,
}

function work({ work: given, isolate }: UndoStep, attempt: AttemptUnderWay): (context: UndoContext) => unknown {
  const { services, isolation } = attempt.process.environment
  if (isolate !== undefined && isolation !== undefined)
    return context => isolation.run(given as ModuleSpec, isolate, context, attempt.remembers)
  const prepared = prepare(given, services)
  // What it is given differs from a step's, how it is called does not.
  return context => prepared(context as unknown as AnyContext)
}
