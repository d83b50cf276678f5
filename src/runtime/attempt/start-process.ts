import { isStoreError } from '../../errors.ts'
import { checkKey, checkOptions } from '../../record/check.ts'
import { planOf } from '../../steps/plan.ts'
import type { StepContext } from '../../steps/work.ts'
import { keepTrying } from '../keep-trying.ts'
import type { Workplace } from './workplace.ts'

/**
 * `start` of a step's context.
 *
 * @param idempotencyKey of the step, the item or the visit
 */
export const startFrom = (
  { pid, environment }: Workplace,
  idempotencyKey: string,
  execution: { throwIfAborted(): void },
): StepContext['start'] => {
  const start = async (definition: unknown, input?: unknown, options: unknown = {}): Promise<string> => {
    const plan = planOf(definition)
    const what = `start() of '${plan.name}' in a step of process ${pid}`
    const { key = `${idempotencyKey}:${plan.name}` } = checkOptions(options, what, { key: checkKey })
    const once = async (): Promise<string> => {
      execution.throwIfAborted()
      return environment.startProcess(plan, input, key)
    }
    // A store that fails is waited for: it is no failure of the step.
    const onError = (error: unknown): void => environment.onStoreError(error, pid)
    return keepTrying(once, { clock: environment.clock, onError, passes: isStoreError })
  }
  return start
}
