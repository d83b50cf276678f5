import { fromPromise, setup, type AnyStateMachine } from 'xstate'
import { undosOf, type ProcessPlan } from '../steps/plan.ts'
import type { Json, ProcessStatus } from '../record/record.ts'
import {
  initialContext,
  stopClock,
  type AttemptInput,
  type AttemptResult,
  type ChildInput,
  type MachineInput,
  type ProcessContext,
  type ProcessEvent,
  type ProcessMachineInput,
  type TimerInput,
} from './context.ts'
import { endingsOf, type Endings } from './end-process.ts'
import { update, type Entry, type Failing, type StepStates } from './states/nodes.ts'
import { nodesOf } from './states/step-nodes.ts'
import { undoingState } from './states/undo.ts'

type StateNodes = Record<string, object>
type EventOf<Type extends ProcessEvent['type']> = Extract<ProcessEvent, { type: Type }>

const notProvided = (): never => {
  throw new Error('A process machine runs under a host, which provides what it invokes')
}

/** The top-level states that have a state per step. */
const GROUPS = ['running', 'interrupted', 'sleeping'] as const

/**
 * The states of all steps, by the top-level state they belong to, and the entry of the first.
 *
 * Built from the last step to the first: leaving a step and beginning the next one is one
 * transition, which changes the context once and writes one record. So a step is built with the
 * entry of its successor (`next`): the state to go to, and what the context becomes there. What
 * follows the last step is the end.
 */
function chain(
  { steps }: ProcessPlan,
  id: string,
  endings: Endings,
): { readonly first: Entry; readonly groups: Record<(typeof GROUPS)[number], StateNodes> } {
  let next: Entry = {
    target: `#${id}.finished`,
    begin: (context, at) => ({ ...stopClock(context, at), remainingMs: undefined }),
  }
  const parts: [name: string, states: StepStates][] = []
  const ways = waysBack(steps, id)
  for (const [index, step] of [...steps.entries()].toReversed()) {
    const failing: Failing = {
      target: ways[index] as string,
      fail: (...failure) => endings.fail(...failure),
      die: (context, _, at) => endings.failAfterDeath(context, at),
      isFragile: true,
    }
    const { entry, states } = nodesOf(step, { id, failing }, next)
    parts.unshift([step.name, states])
    next = entry
  }
  const groups = { running: {} as StateNodes, interrupted: {} as StateNodes, sleeping: {} as StateNodes }
  for (const [name, states] of parts) for (const group of GROUPS) if (states[group]) groups[group][name] = states[group]
  return { first: next, groups }
}

/** Where a process goes when a step fails: to the nearest undo that may be due, or to its end. */
function waysBack(steps: ProcessPlan['steps'], id: string): string[] {
  let way = `#${id}.error`
  return steps.map(step => {
    const undos = undosOf(step)
    const before = way
    if (undos.length > 0) way = `#${id}.undoing.${step.name}`
    // Of a step that fails, its own undo is due if branches or items of it may have finished.
    return 'branches' in step || undos.some(({ whenBegun }) => whenBegun) ? way : before
  })
}

/**
 * The machine of a definition: its top-level states are the statuses, `running` has a state per
 * step. Pure: whoever runs it provides what it invokes. With `timed`, a persisted timer limits the
 * time in `running`; without it, no process pays for such a timer.
 */
export function compile(plan: ProcessPlan, timed: boolean): AnyStateMachine {
  const id = plan.name
  const undoable = plan.steps.filter(step => undosOf(step).length > 0)
  const endings = endingsOf(undoable.flatMap(undosOf))
  const { first, groups } = chain(plan, id, endings)
  const isUndoable = undoable.length > 0
  /** Where a process goes that does not finish, wherever it is. */
  const endIn = (status: 'error' | 'timeout' | 'cancelled'): string => `#${id}.${isUndoable ? 'undoing' : status}`

  const start = {
    target: first.target,
    actions: update<EventOf<'START'>>((context, { at }) => ({
      ...first.begin(context, at),
      startedAt: at,
      at,
      event: { type: 'START' },
    })),
  }
  const deadline = {
    id: 'process:deadline',
    src: 'timer',
    input: ({ context }: { context: ProcessContext }): TimerInput => ({ at: context.deadline ?? Infinity }),
    onDone: {
      target: endIn('timeout'),
      actions: update<{ output: { at: number } }>((context, { output }) => endings.timeOut(context, output.at)),
    },
    onError: { target: endIn('timeout'), actions: update(context => endings.timeOut(context, context.at)) },
  }
  const group = (states: StateNodes, more: object = {}) => {
    const [initial] = Object.keys(states)
    return initial === undefined ? {} : { initial, states, ...more }
  }
  const steer = (target: typeof endIn) => ({
    CANCEL: {
      target: target('cancelled'),
      actions: update<EventOf<'CANCEL'>>((context, event) => endings.cancel(context, event)),
    },
    RECOVER: {
      guard: ({ event }: { event: EventOf<'RECOVER'> }) => event.fail,
      target: target('error'),
      actions: update<EventOf<'RECOVER'>>((context, { at }) => endings.failAfterDeath(context, at)),
    },
  })
  const refuse = {
    target: `#${id}.error`,
    actions: update<EventOf<'REFUSE'>>((context, { at, error }) => endings.refuse(context, at, error)),
  }
  const final = { type: 'final' }
  const states: Record<ProcessStatus, object> = {
    pending: { on: { ...steer(status => `#${id}.${status}`), START: start, REFUSE: refuse } },
    running: { ...group(groups.running, timed ? { invoke: deadline } : {}), on: steer(endIn) },
    sleeping: { ...group(groups.sleeping), on: steer(endIn) },
    interrupted: { ...group(groups.interrupted), on: steer(endIn) },
    undoing: isUndoable ? undoingState(undoable, id) : {},
    finished: final,
    error: final,
    timeout: final,
    cancelled: final,
  }
  const unused = GROUPS.filter(name => Object.keys(groups[name]).length === 0)
  for (const name of [...unused, ...(isUndoable ? [] : ['undoing' as const])])
    delete (states as Partial<typeof states>)[name]

  const config = {
    id,
    initial: 'pending',
    states,
    context: ({ input }: { input: ProcessMachineInput }) => initialContext(input),
    output: ({ context }: { context: ProcessContext }) => context.data,
  }
  return setup({
    types: {} as { context: ProcessContext; events: ProcessEvent; input: ProcessMachineInput },
    actors: {
      attempt: fromPromise<AttemptResult, AttemptInput>(notProvided),
      child: fromPromise<{ at: number; output: Json }, ChildInput>(notProvided),
      machine: fromPromise<{ at: number; output: Json; state: Json }, MachineInput>(notProvided),
      items: fromPromise<AttemptResult, AttemptInput>(notProvided),
      children: fromPromise<AttemptResult, AttemptInput>(notProvided),
      timer: fromPromise<{ at: number }, TimerInput>(notProvided),
    },
  }).createMachine(config as never) as unknown as AnyStateMachine
}
