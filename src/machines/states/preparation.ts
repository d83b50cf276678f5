import type { Json } from '../../record/record.ts'
import type { AttemptResult, ProcessContext } from '../context.ts'
import { attempting } from './attempting.ts'
import { onSkipped, toError } from './transitions.ts'
import { update, type DoneEvent, type Entry, type Place, type StepNodes } from './nodes.ts'
import { beginWithDeadline, withDeadline, type BoundedStep } from './deadline.ts'

type Prepared = Extract<AttemptResult, { output: Json }>

/**
 * A step that calls a function of the user (`when`, `items`, `input`) before its main state begins.
 * An attempt calls it, and `begin` turns the result into the context of the main state.
 */
export function withPreparation(
  step: BoundedStep & { readonly when?: unknown },
  place: Place,
  next: Entry,
  [key, state]: readonly [string, object],
  begin: (context: ProcessContext, result: Prepared) => Partial<ProcessContext>,
): StepNodes {
  const { name, when } = step
  const self = `#${place.id}.running.${name}`
  const go = {
    target: `${self}.${key}`,
    actions: update<DoneEvent<Prepared>>((context, { output }) => ({
      ...begin(context, output),
      at: output.at,
      event: { type: 'PREPARED', step: name },
      deaths: 0,
    })),
  }
  const onDone = [...(when ? [onSkipped(name, next)] : []), go]
  const preparing = attempting(name, place, `${self}.preparing`, onDone, [toError(name, place)])
  return {
    entry: { target: self, begin: (context, at) => beginWithDeadline(step, context, at) },
    states: {
      running: withDeadline(step, place, { initial: 'preparing', states: { preparing, [key]: state } } as object),
    },
  }
}
