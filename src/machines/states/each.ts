import type { EachStep } from '../../steps/kinds/each.ts'
import type { Json } from '../../record/record.ts'
import type { AttemptResult } from '../context.ts'
import { attempting } from './attempting.ts'
import { finishStep, leave, withStep, toError } from './transitions.ts'
import { update, type DoneEvent, type Entry, type KindNodes, type Place, type StepNodes } from './nodes.ts'
import { withPreparation } from './preparation.ts'

/**
 * The number of states does not depend on the number of items. In `preparing` the list is made and
 * becomes the data of the step, so that every attempt works on the same list; in `items` one
 * attempt works through it.
 */
function eachStep({ name, when }: EachStep, place: Place, next: Entry): StepNodes {
  const done = {
    target: next.target,
    actions: update<DoneEvent<Extract<AttemptResult, { output: Json }>>>((context, { output: result }) =>
      leave(
        next,
        context,
        result.at,
        { type: 'DONE', step: name },
        { steps: withStep(context, name, finishStep(context.steps[name], result.at, result)), data: result.output },
      ),
    ),
  }
  const items = attempting(name, place, `#${place.id}.running.${name}.items`, [done], [toError(name, place)], 'items')
  return withPreparation({ name, ...(when && { when }) }, place, next, ['items', items], (_, { output }) => ({
    data: output,
  }))
}

export const eachNodes: KindNodes<EachStep> = { nodes: eachStep }
