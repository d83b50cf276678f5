import type { PlannedStep } from '../../steps/plan.ts'
import type { Entry, StepStates } from './nodes.ts'
import { eachStep } from './each.ts'
import { functionStep } from './function.ts'
import { interruptStep } from './interrupt.ts'
import { machineStep } from './machine.ts'
import { parallelStep } from './parallel.ts'
import { processStep } from './process.ts'
import { sleepStep } from './sleep.ts'

/** The chart of each kind of step. `id` is the machine's, `next` what comes after the step. */
export function statesOf(step: PlannedStep, id: string, next: Entry): { readonly entry: Entry; readonly states: StepStates } {
  switch (step.kind) {
    case 'step':
      return functionStep(step, id, next)
    case 'interrupt':
      return interruptStep(step, id, next)
    case 'sleep':
      return sleepStep(step, id, next)
    case 'parallel':
      return parallelStep(step, id, next)
    case 'each':
      return eachStep(step, id, next)
    case 'process':
      return processStep(step, id, next)
    case 'machine':
      return machineStep(step, id, next)
  }
}
