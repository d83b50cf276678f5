import { fromPromise, setup, type AnyStateMachine } from 'xstate'
import type { ProcessPlan } from '../steps/plan.ts'
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
import { cancelProcess, failAfterDeath, refuseProcess, timeOutProcess } from './end-process.ts'
import { update, type Entry, type StepStates } from './states/nodes.ts'
import { statesOf } from './states/kinds.ts'

type EventOf<Type extends ProcessEvent['type']> = Extract<ProcessEvent, { type: Type }>

const notProvided = (): never => {
  throw new Error('A process machine runs under a host, which provides what it invokes')
}

/**
 * The machine of a definition: its top-level states are the statuses, `running` has a state per step. Pure: whoever runs it provides
 * what it invokes. With `timed` the time in `running` is withDeadline by a persisted timer; without, no process pays for one.
 */
export function compile(plan: ProcessPlan, timed: boolean): AnyStateMachine {
  const id = plan.name
  const groups = {
    running: {} as Record<string, object>,
    interrupted: {} as Record<string, object>,
    sleeping: {} as Record<string, object>,
  }
  let next: Entry = {
    target: `#${id}.finished`,
    begin: (context, at) => ({ ...stopClock(context, at), remainingMs: undefined }),
  }
  const parts: [name: string, states: StepStates][] = []
  for (const step of plan.steps.toReversed()) {
    const { entry, states } = statesOf(step, id, next)
    parts.unshift([step.name, states])
    next = entry
  }
  for (const [name, states] of parts)
    for (const group of ['running', 'interrupted', 'sleeping'] as const) if (states[group]) groups[group][name] = states[group]
  const first = next

  const start = {
    target: first.target,
    actions: update<EventOf<'START'>>((context, { at }) => ({ ...first.begin(context, at), startedAt: at, at, event: { type: 'START' } })),
  }
  const deadline = {
    id: 'process:deadline',
    src: 'timer',
    input: ({ context }: { context: ProcessContext }): TimerInput => ({ at: context.deadline ?? Infinity }),
    onDone: {
      target: `#${id}.timeout`,
      actions: update<{ output: { at: number } }>((context, { output }) => timeOutProcess(context, output.at)),
    },
    onError: { target: `#${id}.timeout`, actions: update(context => timeOutProcess(context, context.at)) },
  }
  const group = (states: Record<string, object>, more: object = {}) => {
    const [initial] = Object.keys(states)
    return initial === undefined ? {} : { initial, states, ...more }
  }
  const steer = {
    CANCEL: { target: `#${id}.cancelled`, actions: update<EventOf<'CANCEL'>>((context, event) => cancelProcess(context, event)) },
    RECOVER: {
      guard: ({ event }: { event: EventOf<'RECOVER'> }) => event.fail,
      target: `#${id}.error`,
      actions: update<EventOf<'RECOVER'>>((context, { at }) => failAfterDeath(context, at)),
    },
  }
  const refuse = {
    target: `#${id}.error`,
    actions: update<EventOf<'REFUSE'>>((context, { at, error }) => refuseProcess(context, at, error)),
  }
  const final = { type: 'final' }
  const states: Record<ProcessStatus, object> = {
    pending: { on: { ...steer, START: start, REFUSE: refuse } },
    running: { ...group(groups.running, timed ? { invoke: deadline } : {}), on: steer },
    sleeping: { ...group(groups.sleeping), on: steer },
    interrupted: { ...group(groups.interrupted), on: steer },
    finished: final,
    error: final,
    timeout: final,
    cancelled: final,
  }
  const unused = (['running', 'sleeping', 'interrupted'] as const).filter(name => Object.keys(groups[name]).length === 0)
  for (const name of unused) delete (states as Partial<typeof states>)[name]

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
      timer: fromPromise<{ at: number }, TimerInput>(notProvided),
    },
  }).createMachine(config as never) as unknown as AnyStateMachine
}
