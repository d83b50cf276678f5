import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { MachineStep } from '../../steps/kinds/machine.ts'
import type { Json, StepRecord } from '../../record/record.ts'
import { caused, type Commanded, type MachineInput, type ProcessContext } from '../context.ts'
import { finishStep, leave, withStep, toError } from './transitions.ts'
import {
  update,
  type Args,
  type ChangeEvent,
  type DoneEvent,
  type Entry,
  type RecoverEvent,
  type KindNodes,
  type Place,
  type StepNodes,
} from './nodes.ts'
import { withPreparation } from './preparation.ts'

type MachineDone = DoneEvent<{ readonly at: number; readonly output: Json; readonly state: Json } & Commanded>

/**
 * The user's machine runs beside this one, and sends it every change as CHANGE. So the newest state
 * of the user's machine is in every record, and after a restart it continues from there.
 */
function machineStep(step: MachineStep, place: Place, next: Entry): StepNodes {
  const { name } = step
  const { id, failing } = place
  const inState = (context: ProcessContext, state: Json): StepRecord => ({
    ...(context.steps[name] as StepRecord),
    state,
  })
  const running = {
    invoke: {
      id: name,
      src: 'machine',
      input: ({ context }: Args<unknown>): MachineInput => ({ pid: context.pid, step: name }),
      onDone: {
        target: next.target,
        actions: update<MachineDone>((context, { output: { at, output, state, command } }) => {
          const steps = withStep(context, name, finishStep(inState(context, state), at))
          return leave(next, context, at, caused('DONE', { command }, name), {
            steps,
            data: output,
            machine: undefined,
          })
        }),
      },
      onError: toError(name, place),
    },
    on: {
      CHANGE: {
        actions: update<ChangeEvent>((context, { at, machine, state, command }) => ({
          machine,
          steps: withStep(context, name, inState(context, state)),
          at,
          event: caused('CHANGE', { command }, name),
          deaths: 0,
        })),
      },
      RECOVER: [
        {
          guard: ({ context, event }: Args<RecoverEvent>) =>
            event.fail || (!event.released && isBusy(context) && context.deaths >= event.maxRecoveries),
          target: failing.target,
          actions: update<RecoverEvent>((context, { at }) => failing.die(context, name, at)),
        },
        {
          target: `#${id}.running.${name}.machine`,
          reenter: true,
          actions: update<RecoverEvent>((context, { at, released }) => ({
            at,
            event: { type: 'RECOVER', step: name },
            recoveries: context.recoveries + (released ? 0 : 1),
            deaths: context.deaths + (!released && isBusy(context) ? 1 : 0),
          })),
        },
      ],
    },
  }
  return withPreparation(step, place, next, ['machine', running], (_, { output }) => ({
    data: output,
    machine: undefined,
  }))
}

/**
 * Whether actors of the user's machine were at work, which may have killed the host. A machine that
 * waits for an event or a delay cannot have.
 */
const isBusy = ({ machine }: ProcessContext): boolean => Object.keys(machine?.snapshot.children ?? {}).length > 0

export const machineNodes: KindNodes<MachineStep> = {
  nodes: machineStep,
  shape: ({ machine }) => statesIn((machine as unknown as AnyStateMachine).root),
}

const statesIn = ({ states }: AnyStateNode): unknown => Object.values(states).map(state => [state.key, statesIn(state)])
