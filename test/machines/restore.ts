import { createActor, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import { compile } from '../../src/machines/compile.ts'
import type { ProcessContext, ProcessEvent } from '../../src/machines/context.ts'
import { toSnapshot, toTransition } from '../../src/machines/snapshot.ts'
import { childLogic } from '../../src/runtime/attempt/actors.ts'
import type { ProcessPlan } from '../../src/steps/plan.ts'
import type { ProcessRecord } from '../../src/record/record.ts'
import { tabulate } from './compared.ts'

/** Work that never answers. */
const never = childLogic(() => () => {})

/**
 * The machine of a definition: each of its transitions is made from the table and by XState, which
 * must not differ.
 */
export function machineOf(plan: ProcessPlan): AnyStateMachine {
  const actors = { attempt: never, child: never, items: never, children: never, machine: never, timer: never }
  return tabulate(compile(plan, plan.timeoutMs !== undefined).provide({ actors }))
}

/**
 * What a process is after its host has died here: written, read back, restored under a real actor,
 * and told to recover.
 */
export function recovered(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: ProcessEvent,
): AnyMachineSnapshot {
  const { input } = snapshot.context as ProcessContext
  const identity = { version: '1', shape: '', createdAt: 0, input, outline: [] }
  const record = JSON.parse(JSON.stringify({ ...identity, ...toTransition(snapshot, 'x', 1) })) as ProcessRecord
  const { snapshot: restorable, fill } = toSnapshot(record)
  const actor = createActor(machine, { snapshot: restorable })
  fill()
  actor.start()
  actor.send(event)
  const restored = actor.getSnapshot() as AnyMachineSnapshot
  actor.stop()
  return restored
}

/** What two snapshots must have in common to be the same: everything but XState's own objects. */
export const essence = (snapshot: AnyMachineSnapshot): unknown =>
  JSON.parse(
    JSON.stringify({
      value: snapshot.value,
      context: snapshot.context,
      invoked: Object.keys(snapshot.children).toSorted(),
    }),
  )
