import type { AnyMachineSnapshot, Snapshot } from 'xstate'
import type { Json, MachineSnapshot, ProcessRecord, ProcessStatus, Transition } from '../record/record.ts'
import type { MachineState, ProcessContext } from './context.ts'

export const statusOf = (value: unknown): ProcessStatus =>
  (typeof value === 'string' ? value : Object.keys(value as object)[0]) as ProcessStatus

/**
 * The timers of a snapshot as XState persists them. Attempts are left out: after a restore
 * `RECOVER` begins a new one.
 */
function timersOf(snapshot: AnyMachineSnapshot): Record<string, Json> | undefined {
  let timers: Record<string, Json> | undefined
  for (const id in snapshot.children) {
    const child = snapshot.children[id]
    if (child?.src !== 'timer') continue
    timers ??= {}
    timers[id] = { src: 'timer', snapshot: child.getPersistedSnapshot() as unknown as Json }
  }
  return timers
}

/**
 * What a transition writes. XState's own persisted snapshot would repeat the process's input on
 * every line and look for actor references inside the user's data, so this takes it apart:
 * `snapshot` holds what no other field says.
 */
export function toTransition(snapshot: AnyMachineSnapshot, name: string, revision: number, epoch?: number): Transition {
  const {
    pid,
    input,
    data,
    outputs,
    machine,
    steps,
    event: { memory, ...event },
    at,
    startedAt,
    error,
    deadline,
    remainingMs,
    recoveries,
    deaths,
  } = snapshot.context as ProcessContext
  const children = timersOf(snapshot)
  // Undefined fields are dropped when this becomes JSON.
  return {
    pid,
    name,
    status: statusOf(snapshot.value),
    revision,
    at,
    event,
    epoch,
    steps,
    data: data === input ? undefined : data,
    outputs,
    error,
    startedAt,
    deadline,
    remainingMs,
    recoveries,
    deaths: deaths === 0 ? undefined : deaths,
    snapshot: {
      value: machine === undefined ? snapshot.value : withMachine(snapshot.value, machine),
      children,
      machine,
    },
    memory,
  } as unknown as Transition
}

/**
 * An XState snapshot without the user's data, and the context that the data is put back into once
 * the actor exists.
 */
export interface RestorableSnapshot {
  readonly snapshot: Snapshot<unknown>
  /**
   * Puts input and data back. XState's revival walks a restored context and would take some user
   * data for actor references.
   */
  readonly fill: () => void
}

export function toSnapshot(record: ProcessRecord): RestorableSnapshot {
  const { pid, input, steps, event, at, startedAt, error, deadline, remainingMs, recoveries, deaths = 0 } = record
  const context = {
    pid,
    input: null as Json,
    data: null as Json,
    outputs: undefined as ProcessContext['outputs'],
    machine: undefined as ProcessContext['machine'],
    steps,
    event,
    at,
    startedAt,
    error,
    deadline,
    remainingMs,
    recoveries,
    deaths,
  }
  const { children = {} } = record.snapshot
  const value = withoutMachine(record.snapshot)
  return {
    snapshot: {
      status: 'active',
      output: undefined,
      error: undefined,
      value,
      context,
      children,
      historyValue: {},
    } as Snapshot<unknown>,
    fill: () => {
      context.input = input
      context.outputs = record.outputs
      context.machine = record.snapshot.machine as unknown as ProcessContext['machine']
      context.data = record.data === undefined ? input : record.data
    },
  }
}

/**
 * The value of a process in a machine step: the user's state stands inside the step's, as if both
 * charts were one.
 */
function withMachine(value: unknown, { snapshot }: MachineState): Json {
  const [step] = Object.keys((value as { running: object }).running)
  return { running: { [step as string]: { machine: snapshot.value } } }
}

/** The inverse of `withMachine`: the value of the process's own machine. */
export function withoutMachine({ value, machine }: MachineSnapshot): Json {
  if (machine === undefined) return value
  const [step] = Object.keys((value as { running: object }).running)
  return { running: { [step as string]: 'machine' } }
}
