import { createActor, fromPromise, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import type { ProcessContext, ProcessEvent } from '../../src/machines/context.ts'
import { toSnapshot, toTransition } from '../../src/machines/snapshot.ts'
import type { ProcessRecord } from '../../src/record/record.ts'

const never = fromPromise(() => new Promise<never>(() => {}))

/** What a process is after its host has died here: written, read back, restored under a real actor, and told to recover. */
export function recovered(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: ProcessEvent): AnyMachineSnapshot {
  const { input } = snapshot.context as ProcessContext
  const identity = { version: '1', shape: '', createdAt: 0, input, outline: [] }
  const record = JSON.parse(JSON.stringify({ ...identity, ...toTransition(snapshot, 'x', 1) })) as ProcessRecord
  const { snapshot: restorable, fill } = toSnapshot(record)
  const actor = createActor(machine.provide({ actors: { attempt: never, child: never, items: never, machine: never, timer: never } }), {
    snapshot: restorable,
  })
  fill()
  actor.start()
  actor.send(event)
  const restored = actor.getSnapshot() as AnyMachineSnapshot
  actor.stop()
  return restored
}

/** What two snapshots must have in common to be the same: everything but XState's own objects. */
export const essence = (snapshot: AnyMachineSnapshot): unknown =>
  JSON.parse(JSON.stringify({ value: snapshot.value, context: snapshot.context, invoked: Object.keys(snapshot.children).toSorted() }))
