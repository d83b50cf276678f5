import type { EachStep } from '../../steps/kinds/each.ts'
import type { Json, StepRecord } from '../../record/record.ts'
import type { AttemptResult } from '../context.ts'
import { attempting } from './attempting.ts'
import { beginAttempt, finishStep, leave, withStep, toError } from './transitions.ts'
import {
  update,
  type Args,
  type DoneEvent,
  type Entry,
  type KindNodes,
  type Place,
  type RecoverEvent,
  type StepNodes,
} from './nodes.ts'
import { withPreparation } from './preparation.ts'

/**
 * The number of states does not depend on the number of items. In `preparing` the list is made and
 * becomes the data of the step, so that every attempt works on the same list; in `items` one
 * attempt works through it. Where the items are processes, it waits in `children` instead, without a
 * slot.
 */
function eachStep({ name, when, child }: EachStep, place: Place, next: Entry): StepNodes {
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
  const self = `#${place.id}.running.${name}.children`
  const children = {
    ...attempting(name, place, self, [done], [toError(name, place)], 'children'),
    on: {
      // No death is counted here: waiting kills no host.
      RECOVER: {
        guard: ({ event }: Args<RecoverEvent>) => !event.fail,
        target: self,
        reenter: true,
        actions: update<RecoverEvent>((context, { at, released }) => ({
          steps: withStep(context, name, beginAttempt(context, name, at)),
          at,
          event: { type: 'RECOVER', step: name },
          recoveries: context.recoveries + (released ? 0 : 1),
        })),
      },
    },
  }
  const items = attempting(name, place, `#${place.id}.running.${name}.items`, [done], [toError(name, place)], 'items')
  const step = { name, ...(when && { when }) }
  if (!child) return withPreparation(step, place, next, ['items', items], (_, { output }) => ({ data: output }))
  return withPreparation(step, place, next, ['children', children], (context, { output }) => ({
    data: output,
    steps: withStep(context, name, {
      ...(context.steps[name] as StepRecord),
      children: (output as readonly Json[]).length,
    }),
  }))
}

export const eachNodes: KindNodes<EachStep> = {
  nodes: eachStep,
  shape: ({ child }) => (child ? 'children' : undefined),
}
