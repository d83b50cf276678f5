import { createHash } from 'node:crypto'
import type { ProcessPlan } from '../steps/plan.ts'
import { stepShape } from './states/step-nodes.ts'

/**
 * A short hash of what a stored snapshot depends on: names, kinds and order of the steps, and which
 * of them can wait or pause.
 */
export const shapeOf = ({ name, steps }: ProcessPlan): string =>
  createHash('sha256')
    .update(JSON.stringify([name, steps.map(stepShape)]))
    .digest('hex')
    .slice(0, 8)
