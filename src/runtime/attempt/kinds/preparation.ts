import { begins, type PlannedStep } from '../../../steps/kinds/kinds.ts'
import type { UserFunction } from '../../../steps/work.ts'
import { outputOf, type AttemptKind } from './kind.ts'

/** Whether the user's `when` says that the step is left out. */
export const isSkipped = async (
  { when }: { readonly when?: UserFunction },
  context: Parameters<UserFunction>[0],
): Promise<boolean> => when !== undefined && !(await when(context))

/**
 * The attempt before the main state of a step: it asks `when`, and calls what makes the list of an
 * each step or the input of a machine.
 */
export const preparationAttempt: AttemptKind<PlannedStep & { readonly when?: UserFunction }> = {
  async perform(step, context, attempt) {
    if (await isSkipped(step, context)) return { skipped: true }
    return outputOf(await begins(step, attempt.process.environment.services)(context), attempt)
  },
}
