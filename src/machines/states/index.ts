import type { PlannedStep } from '../../steps/plan.ts'
import type { Entry, StepStates } from './chart.ts'
import { eachStep } from './each-step.ts'
import { functionStep } from './function-step.ts'
import { interruptStep } from './interrupt-step.ts'
import { machineStep } from './machine-step.ts'
import { parallelStep } from './parallel-step.ts'
import { processStep } from './process-step.ts'
import { sleepStep } from './sleep-step.ts'

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
