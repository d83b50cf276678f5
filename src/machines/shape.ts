import { createHash } from 'node:crypto'
import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { PlannedStep, ProcessPlan } from '../steps/plan.ts'

/** A short hash of what a stored snapshot depends on: names, kinds and order of the steps, and which of them can wait or pause. */
export function shapeOf({ name, steps }: ProcessPlan): string {
  const shape = steps.map(step => [step.name, step.kind, detailsOf(step)])
  return createHash('sha256')
    .update(JSON.stringify([name, shape]))
    .digest('hex')
    .slice(0, 8)
}

function detailsOf(step: PlannedStep): unknown {
  switch (step.kind) {
    case 'step':
      return [step.retry !== undefined, step.interrupt !== undefined]
    case 'parallel':
      return [step.when !== undefined, step.branches.map(branch => [branch.name, detailsOf(branch)])]
    case 'machine':
      return statesIn((step.machine as unknown as AnyStateMachine).root)
    case 'each':
    case 'process':
    case 'interrupt':
    case 'sleep':
      return false
  }
}

const statesIn = ({ states }: AnyStateNode): unknown => Object.values(states).map(state => [state.key, statesIn(state)])
