import type { ErrorCode } from '../../errors.ts'
import { reasonOf, type ErrorRecord, type StepRecord } from '../../record/record.ts'
import type { PlannedStep } from '../../steps/kinds/kinds.ts'
import { branchKey } from '../../steps/kinds/parallel.ts'
import type { UndoStep } from '../../steps/kinds/undo.ts'
import { undosOf } from '../../steps/plan.ts'
import type { AttemptResult, ProcessContext } from '../context.ts'
import { isDue } from '../end-process.ts'
import { attempting } from './attempting.ts'
import { update, type Args, type DoneEvent, type Failing } from './nodes.ts'
import { retrying } from './retrying.ts'
import { beginAttempt, finishStep, toError, withStep } from './transitions.ts'

/** No step has this name. */
const END = '_end'

/**
 * The state `undoing`, with a state for each step that can be undone, the last step first. A
 * process enters it at the first undo that may be due, and skips those that are not. The state in
 * which the process ends depends on why it is undone, and on whether every undo succeeded.
 */
export function undoingState(steps: readonly PlannedStep[], id: string): object {
  const undos = steps.flatMap(undosOf)
  const states: Record<string, object> = {}
  let next = `#${id}.undoing.${END}`
  for (const step of steps) {
    states[step.name] = undoState(step, id, next)
    next = `#${id}.undoing.${step.name}`
  }
  const ways = [
    {
      guard: ({ context }: Args<unknown>) => failedOf(undos, context).length > 0,
      target: `#${id}.error`,
      actions: update(context => ({ error: undoFailed(context, failedOf(undos, context)) })),
    },
    { guard: endsIn('timeout'), target: `#${id}.timeout` },
    { guard: endsIn('cancelled'), target: `#${id}.cancelled` },
    { target: `#${id}.error` },
  ]
  return {
    initial: steps.at(-1)?.name,
    states: { ...Object.fromEntries(Object.entries(states).toReversed()), [END]: { type: 'final' } },
    onDone: ways,
  }
}

const endsIn =
  (status: 'timeout' | 'cancelled') =>
  ({ context: { error } }: Args<unknown>): boolean =>
    error !== undefined && reasonOf(error) === status

/** The branches of a parallel step are undone at once, as they ran. */
function undoState(step: PlannedStep, id: string, next: string): object {
  const undos = undosOf(step)
  const isLast = ({ steps }: ProcessContext): boolean =>
    undos.filter(({ name }) => steps[name]?.status === 'running').length === 1
  const self = `#${id}.undoing.${step.name}`
  if (!('branches' in step)) return { initial: 'due', ...sequence(undos[0] as UndoStep, id, self, next, isLast) }
  const regions = undos.map(undo => {
    const key = branchKey(undo.of)
    const done = `${self}.${key}.done`
    const { states } = sequence(undo, id, `${self}.${key}`, done, isLast)
    return [key, { initial: 'due', states: { ...states, done: { type: 'final' } } }] as const
  })
  return { type: 'parallel', states: Object.fromEntries(regions), onDone: { target: next } }
}

/** @param isLast whether exactly one undo of the step is under way */
function sequence(
  undo: UndoStep,
  id: string,
  self: string,
  next: string,
  isLast: (context: ProcessContext) => boolean,
): { readonly states: object } {
  const { name } = undo
  const retry = 'retry' in undo ? undo.retry : undefined
  const place = { id, failing: failingTo(next, isLast) }
  const done = {
    target: next,
    actions: update<DoneEvent<AttemptResult>>((context, { output: result }) => ({
      steps: withStep(context, name, finishStep(context.steps[name], result.at, result)),
      at: result.at,
      event: { type: 'DONE', step: name },
      deaths: 0,
    })),
  }
  const due = {
    always: [
      {
        guard: ({ context }: Args<unknown>) => isDue(context, name),
        target: `${self}.attempting`,
        actions: update(context => ({
          steps: withStep(context, name, beginAttempt(context, name, context.at)),
          deaths: 0,
        })),
      },
      { target: next },
    ],
  }
  const states = retry
    ? retrying(undo, retry, place, self, [done])
    : { attempting: attempting(name, place, `${self}.attempting`, [done], [toError(name, place)]) }
  return { states: { due, ...states } }
}

/** An undo that has failed for good does not stop the others. */
const failingTo = (target: string, isLast: (context: ProcessContext) => boolean): Failing => ({
  target,
  isFragile: false,
  fail: (context, name, at, error) => endUndo(context, name, at, error, 'FAIL'),
  die: (context, name, at) => ({
    ...endUndo(context, name, at, coded('HostDiedError', 'ERR_HOST_DIED', 'The host died during this undo'), 'RECOVER'),
    // All undos that are under way die with their host: the last one counts the death.
    recoveries: context.recoveries + (isLast(context) ? 1 : 0),
  }),
})

function endUndo(
  context: ProcessContext,
  name: string,
  at: number,
  error: ErrorRecord,
  type: string,
): Partial<ProcessContext> {
  const { until: _, ...before } = context.steps[name] as StepRecord
  const steps = withStep(context, name, { ...before, status: 'error', endedAt: at, error })
  return { steps, at, event: { type, step: name }, deaths: 0 }
}

const failedOf = (undos: readonly UndoStep[], { steps }: ProcessContext): UndoStep[] =>
  undos.filter(({ name }) => steps[name]?.status === 'error')

function undoFailed({ steps, error }: ProcessContext, failed: readonly UndoStep[]): ErrorRecord {
  const reasons = failed.map(({ of, name }) => `'${of}' (${steps[name]?.error?.message ?? 'no reason was recorded'})`)
  return {
    ...coded('UndoError', 'ERR_UNDO_FAILED', `These steps could not be undone: ${reasons.join(', ')}`),
    undos: failed.map(({ of }) => of),
    ...(error && { cause: error }),
  }
}

const coded = (name: string, code: ErrorCode, message: string): ErrorRecord => ({ name, code, message })

/** The parts of an undo on which a stored snapshot depends. */
export const undoShape = (undo: UndoStep): unknown => ['undo', undo.way, 'retry' in undo]
