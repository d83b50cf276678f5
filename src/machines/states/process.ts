import type { ChildStep } from '../../steps/kinds/process.ts'
import type { Json, StepRecord } from '../../record/record.ts'
import type { ChildInput } from '../context.ts'
import { finishStep, leave, withStep, toError } from './transitions.ts'
import {
  update,
  type Args,
  type DoneEvent,
  type Entry,
  type RecoverEvent,
  type KindNodes,
  type Place,
  type StepNodes,
} from './nodes.ts'
import { withPreparation } from './preparation.ts'

/**
 * An attempt starts the child and records its pid. Then the process waits, without an attempt,
 * until the child has ended.
 */
function processStep(step: ChildStep, place: Place, next: Entry): StepNodes {
  const { name } = step
  const { id } = place
  const waiting = {
    invoke: {
      id: name,
      src: 'child',
      input: ({ context }: Args<unknown>): ChildInput => ({
        pid: context.pid,
        step: name,
        child: context.steps[name]?.child ?? '',
      }),
      onDone: {
        target: next.target,
        actions: update<DoneEvent<{ at: number; output: Json }>>((context, { output: { at, output } }) => {
          const steps = withStep(context, name, finishStep(context.steps[name], at))
          return leave(next, context, at, { type: 'DONE', step: name }, { steps, data: output })
        }),
      },
      onError: toError(name, place),
    },
    on: {
      // No death is counted here: waiting kills no host, and the child counts the deaths during its
      // own steps.
      RECOVER: {
        guard: ({ event }: Args<RecoverEvent>) => !event.fail,
        target: `#${id}.running.${name}.child`,
        reenter: true,
        actions: update<RecoverEvent>((context, { at, released }) => ({
          at,
          event: { type: 'RECOVER', step: name },
          recoveries: context.recoveries + (released ? 0 : 1),
        })),
      },
    },
  }
  return withPreparation(step, place, next, ['child', waiting], (context, { output }) => ({
    steps: withStep(context, name, { ...(context.steps[name] as StepRecord), child: output as string }),
  }))
}

export const processNodes: KindNodes<ChildStep> = { nodes: processStep }
