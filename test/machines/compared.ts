import type { ActorLogic, AnyActorScope, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import * as table from '../../src/machines/transition-table.ts'
import { differenceOf } from './same-snapshot.ts'

type Logic = ActorLogic<AnyMachineSnapshot, EventObject>

/** In a scope in which nothing happens. */
const inert = (scope: AnyActorScope): AnyActorScope => ({ ...scope, defer() {}, stopChild() {}, actionExecutor() {} })

interface Outcome {
  readonly snapshot?: AnyMachineSnapshot
  readonly error?: unknown
}

function outcomeOf(transition: () => AnyMachineSnapshot): Outcome {
  try {
    return { snapshot: transition() }
  } catch (error) {
    return { error }
  }
}

/**
 * What `tabulate` makes, with each transition made by XState as well. They must not differ in
 * anything.
 */
export function tabulate(machine: AnyStateMachine): AnyStateMachine {
  const tabulated = table.tabulate(machine) as unknown as Logic
  const transition: Logic['transition'] = (snapshot, event, scope) => {
    const expected = outcomeOf(() => (machine as unknown as Logic).transition(snapshot, event, inert(scope)))
    const made = outcomeOf(() => tabulated.transition(snapshot, event, scope))
    const difference =
      made.snapshot && expected.snapshot
        ? differenceOf(made.snapshot, expected.snapshot)
        : String(made.error) === String(expected.error)
          ? undefined
          : `errors: ${String(made.error)} and ${String(expected.error)}`
    if (difference !== undefined) {
      const error = new Error(
        `The transition table and XState part at ${event.type} in ${JSON.stringify(snapshot.value)}: ${difference}`,
      )
      // Whatever becomes of the process: the test fails.
      setImmediate(() => {
        throw error
      })
      throw error
    }
    if (made.snapshot === undefined) throw made.error
    return made.snapshot
  }
  const compared = Object.assign(Object.create(tabulated) as AnyStateMachine, { transition })
  known.add(compared)
  return compared
}

const known = new WeakSet<AnyStateMachine>()

/** Whether each transition of a machine is compared. */
export const isCompared = (machine: AnyStateMachine): boolean => known.has(machine)
