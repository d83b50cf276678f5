import { branchKey, type ParallelStep } from '../../steps/kinds/parallel.ts'
import { fulfilled, rejected } from '../../steps/failures.ts'
import type { FunctionStep } from '../../steps/kinds/function.ts'
import type { Json } from '../../record/record.ts'
import type { AttemptResult, ProcessContext } from '../context.ts'
import { attempting } from './attempting.ts'
import { beginAttempt, finishStep, leave, withStep, toError } from './transitions.ts'
import {
  update,
  type Args,
  type DoneEvent,
  type Entry,
  type FailEvent,
  type KindNodes,
  type Place,
  type StepNodes,
} from './nodes.ts'
import { withPreparation } from './preparation.ts'
import { functionNodes } from './function.ts'
import { retrying } from './retrying.ts'
import { beginWithDeadline, withDeadline } from './deadline.ts'

/**
 * Each branch is a region, so all run at the same time. `outputs` of the context keeps the output
 * of each until the last has finished.
 */
function parallelStep(step: ParallelStep, place: Place, next: Entry): StepNodes {
  const { name, branches, when, tolerated } = step
  const { id } = place
  const self = `#${id}.running.${name}`
  const inner = when ? `${self}.branches` : self
  const outcome = ({ steps, outputs = {} }: ProcessContext, path: string): Json => {
    const output = outputs[path] ?? null
    if (!tolerated) return output
    const { status, error } = steps[path] ?? {}
    return status === 'error' && error ? rejected(error) : fulfilled(output)
  }
  const join = {
    target: next.target,
    actions: update(context => {
      const { at } = context
      const change = {
        steps: withStep(context, name, finishStep(context.steps[name], at)),
        data: Object.fromEntries(branches.map(({ name: path }) => [branchKey(path), outcome(context, path)])),
        outputs: undefined,
      }
      return leave(next, context, at, { type: 'DONE', step: name }, change)
    }),
  }
  const regions = {
    type: 'parallel',
    states: Object.fromEntries(
      branches.map(branch => [
        branchKey(branch.name),
        region(branch, step, place, `${inner}.${branchKey(branch.name)}`),
      ]),
    ),
    onDone: join,
  }
  const begin = (context: ProcessContext, at: number) =>
    branches.reduce(
      (steps, branch) => withStep({ ...context, steps }, branch.name, beginAttempt(context, branch.name, at)),
      context.steps,
    )
  if (when)
    return withPreparation(step, place, next, ['branches', regions], (context, { at }) => ({
      steps: begin(context, at),
    }))
  const beginAll = (context: ProcessContext, at: number) => {
    const whole = beginWithDeadline(step, context, at)
    return { ...whole, steps: begin({ ...context, ...whole }, at) }
  }
  return { entry: { target: self, begin: beginAll }, states: { running: withDeadline(step, place, regions as object) } }
}

/** The transition of a branch that failed for good while its step tolerates that: it has ended. */
const keepFailure = (name: string, { branches, tolerated }: ParallelStep, target: string): object => ({
  guard: ({ context: { steps } }: Args<FailEvent>) =>
    branches.filter(branch => steps[branch.name]?.status === 'error').length < (tolerated?.(branches.length) ?? 0),
  target,
  actions: update<FailEvent>((context, { error: { at, error, progress } }) => {
    const before = context.steps[name]
    const failed = { ...finishStep(before, at), status: 'error', failures: (before?.failures ?? 0) + 1, error } as const
    const step = { ...failed, ...(progress !== undefined && { progress }) }
    return { steps: withStep(context, name, step), at, event: { type: 'FAIL', step: name }, deaths: 0 }
  }),
})

function region(branch: FunctionStep, step: ParallelStep, place: Place, self: string): object {
  const { name, retry } = branch
  const done = {
    target: `${self}.done`,
    actions: update<DoneEvent<Extract<AttemptResult, { output: Json }>>>((context, { output: result }) => ({
      steps: withStep(context, name, finishStep(context.steps[name], result.at, result)),
      outputs: { ...context.outputs, [name]: result.output },
      at: result.at,
      event: { type: 'DONE', step: name },
      deaths: 0,
    })),
  }
  const onFailure = [...(step.tolerated ? [keepFailure(name, step, `${self}.done`)] : []), toError(name, place)]
  const states = retry
    ? retrying(branch, retry, place, self, [done], onFailure)
    : { attempting: attempting(name, place, `${self}.attempting`, [done], onFailure) }
  return { initial: 'attempting', states: { ...states, done: { type: 'final' } } }
}

export const parallelNodes: KindNodes<ParallelStep> = {
  nodes: parallelStep,
  shape: ({ when, branches }) => [
    when !== undefined,
    branches.map(branch => [branch.name, functionNodes.shape?.(branch)]),
  ],
}
