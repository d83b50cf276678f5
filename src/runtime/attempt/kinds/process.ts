import { isStoreError } from '../../../errors.ts'
import type { Json } from '../../../record/record.ts'
import { begins } from '../../../steps/kinds/kinds.ts'
import type { ChildStep } from '../../../steps/kinds/process.ts'
import { planOf } from '../../../steps/plan.ts'
import { keepTrying } from '../../keep-trying.ts'
import { outputOf, type AttemptKind, type AttemptUnderWay } from './kind.ts'
import { isSkipped } from './preparation.ts'

/** Starts the child. The output is its pid. */
export const processAttempt: AttemptKind<ChildStep> = {
  async perform(step, context, attempt) {
    if (await isSkipped(step, context)) return { skipped: true }
    const { output } = outputOf(await begins(step, attempt.process.environment.services)(context), attempt)
    return { output: await start(step, output, attempt) }
  },
}

async function start({ name, child }: ChildStep, input: Json, attempt: AttemptUnderWay): Promise<string> {
  const { pid, machineContext, environment } = attempt.process
  const { failures = 0 } = machineContext.steps[name] ?? {}
  const once = async (): Promise<string> => {
    attempt.execution.throwIfAborted()
    return environment.startChild(planOf(child), input, { pid, step: name }, failures)
  }
  // If the store fails, the step waits for it and does not fail.
  const started = await keepTrying(once, {
    clock: environment.clock,
    onError: error => environment.onStoreError(error, pid),
    passes: isStoreError,
  })
  if (attempt.isStopped) environment.cancelChild(started, pid)
  return started
}
