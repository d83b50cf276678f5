import { prepare } from '../../steps/prepare-work.ts'
import type { Remembers } from '../../steps/run/once-calls.ts'
import type { IsolateMode } from '../../steps/work-options.ts'
import type { ModuleSpec, StepContext, Work } from '../../steps/work.ts'
import type { AttemptEnvironment } from './workplace.ts'

/** What works on an item of an each step, or for a step actor: here, or in a thread or process. */
export function workerOf(
  { services, isolation }: AttemptEnvironment,
  { work, isolate }: { readonly work: Work; readonly isolate?: IsolateMode },
): (context: StepContext, remembers: Remembers) => unknown {
  if (isolate !== undefined && isolation !== undefined)
    return (context, remembers) => isolation.run(work as ModuleSpec, isolate, context, remembers)
  const prepared = prepare(work, services)
  return context => prepared(context)
}
