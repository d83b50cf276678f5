import type { AttemptMessage } from '../../record/diagnostics.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import type { Workplace } from './workplace.ts'

/** What is said of an attempt when it is due. */
export const attemptMessage = (
  process: Workplace,
  { name: step, kind }: Pick<AttemptedStep, 'name' | 'kind'>,
  attempt: number,
  part: AttemptMessage['part'] = 'attempt',
): AttemptMessage => ({
  host: process.environment.host.id,
  pid: process.pid,
  name: process.plan.name,
  version: process.plan.version,
  step,
  kind,
  attempt,
  part,
  startedBy: process.trace,
  previous: process.traceOf(step),
})
