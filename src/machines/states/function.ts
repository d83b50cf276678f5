import type { FunctionStep } from '../../steps/kinds/function.ts'
import type { StepRecord } from '../../record/record.ts'
import { startClock, stopClock, type AttemptResult, type ProcessContext } from '../context.ts'
import { attempting } from './attempting.ts'
import { beginAttempt, finishStep, leave, withStep, onSkipped, toError } from './transitions.ts'
import {
  IMPLICIT,
  update,
  type Args,
  type DoneEvent,
  type Entry,
  type KindNodes,
  type Place,
  type ProceedEvent,
  type StepNodes,
  type StepStates,
} from './nodes.ts'
import { pauseOver } from './interrupt.ts'
import { retrying } from './retrying.ts'
import { isWithin, onWaits, waiting } from './waiting.ts'

function functionStep(step: FunctionStep, place: Place, next: Entry): StepNodes {
  const { id } = place
  const { name, retry, when, interrupt } = step
  const self = `#${id}.running.${name}`
  const to = interrupt ? pauseOf(name, id) : next
  const done = {
    target: to.target,
    actions: update<DoneEvent<AttemptResult>>((context, { output: result }) =>
      leave(
        to,
        context,
        result.at,
        { type: 'DONE', step: name },
        {
          steps: withStep(context, name, finishStep(context.steps[name], result.at, result)),
          data: 'output' in result ? result.output : context.data,
        },
      ),
    ),
  }
  const onDone = [...onWaits(name, id), ...(when ? [onSkipped(name, next)] : []), done]
  const states: StepStates = retry
    ? { running: { initial: 'attempting', states: retrying(step, retry, place, self, onDone) } }
    : { running: attempting(name, place, self, onDone, [toError(name, place)]) }
  const begin = (context: ProcessContext, at: number) => ({
    ...startClock(context, at),
    steps: withStep(context, name, beginAttempt(context, name, at)),
  })
  const entry = { target: self, begin }
  const { invoke, on } = waiting(name, entry)
  const isPaused = ({ context }: Args<ProceedEvent>): boolean => !isWithin(name, context)
  states.sleeping = { meta: IMPLICIT, invoke }
  states.interrupted = interrupt
    ? { invoke, on: { ...on, PROCEED: [on['PROCEED'], { ...pauseOver(name, next), guard: isPaused }] } }
    : { meta: IMPLICIT, invoke, on }
  return { entry, states }
}

const pauseOf = (name: string, id: string): Entry => ({
  target: `#${id}.interrupted.${name}`,
  begin: (context, at) => {
    const { endedAt: _, ...kept } = context.steps[name] as StepRecord
    return { ...stopClock(context, at), steps: withStep(context, name, { ...kept, status: 'interrupted' }) }
  },
})

export const functionNodes: KindNodes<FunctionStep> = {
  nodes: functionStep,
  shape: ({ retry, interrupt }) => [retry !== undefined, interrupt !== undefined],
}
