import { createHash } from 'node:crypto'
import type { ProcessPlan } from '../steps/plan.ts'

/** A short hash of what a stored snapshot depends on: names, kinds and order of the steps, and which of them can wait or pause. */
export function shapeOf({ name, steps }: ProcessPlan): string {
  const shape = steps.map(step => [step.name, step.kind, step.kind === 'step' && [step.retry !== undefined, step.interrupt !== undefined]])
  return createHash('sha256')
    .update(JSON.stringify([name, shape]))
    .digest('hex')
    .slice(0, 8)
}
