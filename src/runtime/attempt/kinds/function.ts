import type { FunctionStep } from '../../../steps/kinds/function.ts'
import { prepare } from '../../../steps/prepare-work.ts'
import type { ModuleSpec, StepContext } from '../../../steps/work.ts'
import { outputOf, type AttemptKind, type AttemptUnderWay } from './kind.ts'
import { isSkipped } from './preparation.ts'

/** Calls the user's work, here or in a worker. */
function worker({ work, isolate }: FunctionStep, attempt: AttemptUnderWay): (context: StepContext) => unknown {
  const { services, isolation } = attempt.process.environment
  if (isolate === undefined || isolation === undefined) return prepare(work, services)
  return context => isolation.run(work as ModuleSpec, isolate, context, attempt.remembers)
}

/** A step with work of its own, or a branch. */
export const functionAttempt: AttemptKind<FunctionStep> = {
  plain: (step, attempt) => (step.when === undefined ? worker(step, attempt) : undefined),
  async perform(step, context, attempt) {
    if (await isSkipped(step, context)) return { skipped: true }
    return outputOf(await worker(step, attempt)(context), attempt)
  },
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  retry: ({ retry }) => retry,
}
