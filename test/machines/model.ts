import type { AttemptFailure, AttemptResult } from '../../src/machines/context.ts'
import { branchKey, type ParallelStep } from '../../src/steps/kinds/parallel.ts'
import type { PlannedStep } from '../../src/steps/kinds/kinds.ts'
import type { UndoStep } from '../../src/steps/kinds/undo.ts'
import { everyStep, undosOf, type ProcessPlan } from '../../src/steps/plan.ts'
import type { Json, ProcessStatus, StepStatus } from '../../src/record/record.ts'
import type { MachineEvent } from './events.ts'

/**
 * What a process must be after each event, told straight on: a list of steps and a finger that
 * points at one of them. Knows no states, no charts, no XState; it is what the machine is compared
 * with.
 */
export interface Model {
  readonly status: ProcessStatus
  /** The step the finger points at. */
  readonly at: number
  readonly data: Json
  /** Of finished branches. */
  readonly outputs: Readonly<Record<string, Json>>
  readonly steps: Readonly<
    Record<string, { readonly status: StepStatus; readonly attempt: number; readonly failures: number }>
  >
  readonly code: string | undefined
  readonly deaths: number
  /**
   * An each step has its list, a process step its child, a machine step the input of its machine.
   */
  readonly prepared: boolean
  /** What the step waits for within its work. */
  readonly waits: readonly string[]
  /** A machine has actors at work. */
  readonly busy: boolean
  readonly recoveries: number
  /** Milliseconds of running time spent, and since when the clock runs. */
  readonly spentMs: number
  readonly runningSince: number | undefined
  /** The undos that are left, those that run at once together, and how the process ends then. */
  readonly back: { readonly left: readonly (readonly string[])[]; readonly status: ProcessStatus } | undefined
}

export const newModel = (input: Json): Model => ({
  status: 'pending',
  at: -1,
  data: input,
  outputs: {},
  steps: {},
  code: undefined,
  deaths: 0,
  prepared: false,
  waits: [],
  busy: false,
  recoveries: 0,
  spentMs: 0,
  runningSince: undefined,
  back: undefined,
})

type Timed = { at: number }

export function advance(plan: ProcessPlan, model: Model, event: MachineEvent): Model {
  if (['finished', 'error', 'timeout', 'cancelled'].includes(model.status)) return model
  if (model.back) return wayBack(plan, model, event)
  switch (event.type) {
    case 'START':
      return model.status === 'pending' ? enter(plan, model, 0, (event as Timed).at) : model
    case 'CANCEL':
      return end(plan, model, 'cancelled', 'ERR_CANCELLED')
    case 'RESUME':
      return model.waits.length > 0 && model.status === 'interrupted' ? again(plan, model, (event as Timed).at) : model
    case 'PROCEED':
      if (model.waits.length > 0)
        return model.status === 'interrupted' && model.waits.includes((event as { name?: string }).name ?? '')
          ? again(plan, model, (event as Timed).at)
          : model
      return model.status === 'interrupted'
        ? leave(
            plan,
            { ...model, data: merged(model.data, (event as { data?: Json }).data) },
            'finished',
            (event as Timed).at,
          )
        : model
    case 'CHANGE': {
      const { machine } = event as Extract<MachineEvent, { type: 'CHANGE' }> & {
        machine: { snapshot: { children: object } }
      }
      return { ...model, busy: Object.keys(machine.snapshot.children).length > 0, deaths: 0 }
    }
    case 'RECOVER':
      return recovered(
        plan,
        model,
        event as Extract<MachineEvent, { type: 'RECOVER' }> & { fail: boolean; maxRecoveries: number },
      )
    default:
      return answered(
        plan,
        model,
        event as { type: string; output?: AttemptResult & { until?: number }; error?: AttemptFailure },
      )
  }
}

const merged = (data: Json, given: Json | undefined): Json =>
  given === undefined
    ? data
    : isObject(data) && isObject(given)
      ? ({ ...(data as object), ...(given as object) } as Json)
      : given
const isObject = (value: Json): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What runs in an attempt. A step whose branches have begun does not: they do. */
const underWay = ({ steps }: Model): string[] =>
  Object.keys(steps).filter(
    name => steps[name]?.status === 'running' && !Object.keys(steps).some(other => other.startsWith(`${name}.`)),
  )

function recovered(
  plan: ProcessPlan,
  model: Model,
  { fail, maxRecoveries }: { fail: boolean; maxRecoveries: number },
): Model {
  const kind = plan.steps[model.at]?.kind
  if ((kind === 'process' || kind === 'machine') && model.prepared && !fail) {
    // Who waits dies of nothing; a machine may be at work.
    if (kind === 'process' || !model.busy) return { ...model, recoveries: model.recoveries + 1 }
    const died = { ...model, deaths: model.deaths + 1, recoveries: model.recoveries + 1 }
    return model.deaths >= maxRecoveries ? end(plan, died, 'error', 'ERR_HOST_DIED') : died
  }
  const step = plan.steps[model.at]
  if (step?.kind === 'each' && step.child && model.prepared && !fail)
    return begin({ ...model, recoveries: model.recoveries + 1 }, step.name)
  const names = underWay(model)
  const died = { ...model, deaths: model.deaths + 1, recoveries: model.recoveries + 1 }
  if (fail || (names.length > 0 && model.deaths >= maxRecoveries)) return end(plan, died, 'error', 'ERR_HOST_DIED')
  return names.length === 0 ? model : names.reduce(begin, died)
}

function answered(
  plan: ProcessPlan,
  model: Model,
  { type, output, error }: { type: string; output?: AttemptResult & { until?: number }; error?: AttemptFailure },
): Model {
  const [, id = ''] = type.match(/^xstate\.(?:done|error)\.actor\.(.*)$/) ?? []
  const at = (output ?? error)?.at ?? NaN
  if (id === 'process:deadline') return end(plan, model, 'timeout', 'ERR_PROCESS_TIMEOUT')
  const step = plan.steps[model.at] as PlannedStep
  if (id.endsWith(':wait')) return model.waits.length > 0 ? again(plan, model, at) : model
  if (id.endsWith(':retry')) return begin(model, id.slice(0, -':retry'.length))
  if (id.endsWith(':timeout') && step.kind === 'interrupt' && step.otherwise)
    return leave(plan, { ...model, data: merged(model.data, step.otherwise.data) }, 'finished', at)
  if (id.endsWith(':timeout')) return end(plan, model, 'error', 'ERR_STEP_TIMEOUT', step.name)
  if (id.endsWith(':wake')) return leave(plan, model, 'finished', at)
  const worker = (step.kind === 'parallel' && step.branches.find(({ name }) => name === id)) || step
  if (error) {
    const failures = (model.steps[id]?.failures ?? 0) + 1
    const counted = set(model, id, { failures })
    const attempts = 'retry' in worker ? (worker.retry?.attempts ?? 1) : 1
    if (error.retryable && failures < attempts) return set(counted, id, { status: 'waiting' })
    if (step.kind === 'parallel' && worker !== step && step.tolerated) {
      const failed = step.branches.filter(({ name }) => model.steps[name]?.status === 'error').length
      const kept = { status: 'rejected', error: error.error as unknown as Json }
      if (failed < step.tolerated(step.branches.length)) return branchDone(plan, counted, step, id, kept, at, 'error')
    }
    return end(plan, counted, 'error', undefined, id)
  }
  const result = output as { output?: Json; skipped?: true; waits?: readonly { name: string; isSleep?: true }[] }
  if (result.waits) {
    const status = result.waits.every(({ isSleep }) => isSleep) ? 'sleeping' : 'interrupted'
    const waits = result.waits.map(({ name }) => name)
    return stop({ ...set(model, id, { status }), status, waits, deaths: 0 }, at)
  }
  const prepares = ['each', 'process', 'machine'].includes(step.kind) && !model.prepared
  if (step.kind === 'parallel' && worker !== step) {
    const output = result.output as Json
    return branchDone(plan, model, step, id, step.tolerated ? { status: 'fulfilled', value: output } : output, at)
  }
  if (result.skipped) return leave(plan, model, 'skipped', at)
  if (step.kind === 'parallel') return beginBranches({ ...model, deaths: 0 }, step)
  if (step.kind === 'sleep')
    return stop({ ...set(model, step.name, { status: 'sleeping' }), status: 'sleeping', deaths: 0 }, at)
  if (prepares)
    return { ...model, ...(step.kind !== 'process' && { data: result.output as Json }), prepared: true, deaths: 0 }
  const next = { ...model, data: result.output as Json }
  return step.kind === 'step' && step.interrupt
    ? stop({ ...set(next, step.name, { status: 'interrupted' }), status: 'interrupted', deaths: 0 }, at)
    : leave(plan, next, 'finished', at)
}

function branchDone(
  plan: ProcessPlan,
  model: Model,
  step: ParallelStep,
  id: string,
  output: Json,
  at: number,
  status: StepStatus = 'finished',
): Model {
  const outputs = { ...model.outputs, [id]: output }
  const next = { ...set(model, id, { status }), outputs, deaths: 0 }
  if (!step.branches.every(({ name }) => name in outputs)) return next
  const data = Object.fromEntries(step.branches.map(({ name }) => [branchKey(name), outputs[name] as Json]))
  return leave(plan, { ...next, data, outputs: {} }, 'finished', at)
}

const beginBranches = (model: Model, { branches }: ParallelStep): Model =>
  branches.reduce((next, { name }) => begin(next, name), model)

function enter(plan: ProcessPlan, model: Model, index: number, at: number): Model {
  const step = plan.steps[index]
  const there = { ...model, at: index, deaths: 0, prepared: false, busy: false }
  if (!step) return { ...stop(there, at), status: 'finished' }
  if (step.kind === 'interrupt')
    return stop({ ...set(there, step.name, { status: 'interrupted', attempt: 1 }), status: 'interrupted' }, at)
  if (step.kind === 'sleep' && !('compute' in step.until))
    return stop({ ...set(there, step.name, { status: 'sleeping', attempt: 1 }), status: 'sleeping' }, at)
  const begun: Model = { ...begin(there, step.name), status: 'running', runningSince: there.runningSince ?? at }
  return step.kind === 'parallel' && !step.when ? beginBranches(begun, step) : begun
}

/** The step waited, and begins anew. */
const again = (plan: ProcessPlan, model: Model, at: number): Model => ({
  ...begin(model, plan.steps[model.at]?.name ?? ''),
  status: 'running',
  waits: [],
  runningSince: at,
})

const leave = (plan: ProcessPlan, model: Model, status: StepStatus, at: number): Model =>
  enter(plan, set(model, plan.steps[model.at]?.name ?? '', { status }), model.at + 1, at)

const begin = (model: Model, name: string): Model =>
  set(model, name, { status: 'running', attempt: (model.steps[name]?.attempt ?? 0) + 1 })

function stop(model: Model, at: number): Model {
  return model.runningSince === undefined
    ? model
    : { ...model, spentMs: model.spentMs + at - model.runningSince, runningSince: undefined }
}

function set(model: Model, name: string, change: Partial<Model['steps'][string]>): Model {
  const before = model.steps[name] ?? { status: 'pending', attempt: 0, failures: 0 }
  return { ...model, steps: { ...model.steps, [name]: { ...before, ...change } } }
}

function end(
  plan: ProcessPlan,
  model: Model,
  status: 'error' | 'timeout' | 'cancelled',
  code: string | undefined,
  culprit?: string,
): Model {
  const failed = (name: string): boolean => culprit === undefined || culprit === name || culprit.startsWith(`${name}.`)
  const steps = Object.fromEntries(
    Object.entries(model.steps).map(([name, step]) => [
      name,
      ['finished', 'skipped', 'error'].includes(step.status)
        ? step
        : { ...step, status: failed(name) ? status : 'cancelled' },
    ]),
  )
  const left = plan.steps
    .map(step => undosOf(step).filter(undo => isDue(model, undo)))
    .map(undos => undos.map(({ name }) => name))
    .filter(names => names.length > 0)
    .toReversed()
  const due = Object.fromEntries(
    left.flat().map(name => [name, { status: 'pending', attempt: 0, failures: 0 } as const]),
  )
  const ended: Model = { ...model, code, steps: { ...steps, ...due }, runningSince: undefined }
  return left.length === 0 ? { ...ended, status } : goBack({ ...ended, status: 'undoing', back: { left, status } })
}

/** A step that has finished, or is paused after its work. */
function isDue({ steps, waits }: Model, { of, whenBegun }: UndoStep): boolean {
  const status = steps[of]?.status
  // What is interrupted and waits for something does so within its work.
  if (status === 'finished' || (status === 'interrupted' && waits.length === 0)) return true
  return whenBegun === true && status !== undefined && status !== 'skipped'
}

/** Begins the next undos, or ends. */
function goBack(model: Model): Model {
  const { left, status } = model.back as NonNullable<Model['back']>
  const [next] = left
  if (next) return next.reduce(begin, { ...model, deaths: 0 })
  const hasFailed = Object.keys(model.steps).some(
    name => name.endsWith('.undo') && model.steps[name]?.status === 'error',
  )
  const ended = { ...model, back: undefined }
  return hasFailed ? { ...ended, status: 'error', code: 'ERR_UNDO_FAILED' } : { ...ended, status }
}

function wayBack(plan: ProcessPlan, model: Model, event: MachineEvent): Model {
  const { left, status } = model.back as NonNullable<Model['back']>
  const [group = []] = left
  const is = (name: string, ...statuses: StepStatus[]): boolean =>
    statuses.includes(model.steps[name]?.status as StepStatus)
  /** Goes on once all of those that run at once have ended. */
  const after = (next: Model): Model =>
    group.every(name => ['finished', 'error'].includes(next.steps[name]?.status ?? ''))
      ? goBack({ ...next, back: { left: left.slice(1), status } })
      : next
  if (event.type === 'RECOVER') {
    const running = group.filter(name => is(name, 'running'))
    if (running.length === 0) return model
    const died = { ...model, recoveries: model.recoveries + 1, deaths: model.deaths + 1 }
    if (model.deaths < (event as { maxRecoveries: number }).maxRecoveries) return running.reduce(begin, died)
    return after(running.reduce((next, name) => set(next, name, { status: 'error' }), { ...died, deaths: 0 }))
  }
  const [, id = ''] = event.type.match(/^xstate\.(?:done|error)\.actor\.(.*)$/) ?? []
  if (id.endsWith(':retry')) return begin(model, id.slice(0, -':retry'.length))
  if (!group.includes(id)) return model
  const { error } = event as { error?: AttemptFailure }
  if (!error) return after({ ...set(model, id, { status: 'finished' }), deaths: 0 })
  const failures = (model.steps[id]?.failures ?? 0) + 1
  const undo = everyStep(plan).find(({ name }) => name === id)
  const attempts = (undo && 'retry' in undo && undo.retry?.attempts) || 1
  if (error.retryable && failures < attempts) return set(model, id, { status: 'waiting', failures })
  return after({ ...set(model, id, { status: 'error', failures }), deaths: 0 })
}
