import type { StepKind } from '../../record/record.ts'
import type { PlannedStep } from '../../steps/kinds/kinds.ts'
import { eachNodes } from './each.ts'
import { functionNodes } from './function.ts'
import { interruptNodes } from './interrupt.ts'
import { machineNodes } from './machine.ts'
import type { Entry, KindNodes, Place, StepNodes } from './nodes.ts'
import { parallelNodes } from './parallel.ts'
import { processNodes } from './process.ts'
import { sleepNodes } from './sleep.ts'
import { undoShape } from './undo.ts'
import { undosOf } from '../../steps/plan.ts'

const NODES: { readonly [K in StepKind]: KindNodes<Extract<PlannedStep, { kind: K }>> } = {
  step: functionNodes,
  interrupt: interruptNodes,
  sleep: sleepNodes,
  parallel: parallelNodes,
  each: eachNodes,
  process: processNodes,
  machine: machineNodes,
}

const kindOf = ({ kind }: PlannedStep): KindNodes<PlannedStep> => NODES[kind]

/** A step in the chart, followed by `next`. */
export const nodesOf = (step: PlannedStep, place: Place, next: Entry): StepNodes =>
  kindOf(step).nodes(step, place, next)

/** What of a step a stored snapshot depends on. */
export const stepShape = (step: PlannedStep): readonly unknown[] => [
  step.name,
  step.kind,
  kindOf(step).shape?.(step) ?? false,
  ...undosOf(step).map(undoShape),
]
