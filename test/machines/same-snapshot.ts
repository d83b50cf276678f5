import { isDeepStrictEqual } from 'node:util'
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import { toTransition } from '../../src/machines/snapshot.ts'

/**
 * Whatever can be told of a snapshot, its children and its written forms included; not whose actors
 * they are.
 */
function toldOf(snapshot: AnyMachineSnapshot): Record<string, unknown> {
  const { machine, _nodes, children, error, ...rest } = snapshot
  const { context } = snapshot as { context: object | undefined }
  // An actor that threw has lost its machine, and with it most of its snapshot.
  const isWhole = machine !== undefined && context !== undefined && Object.keys(context).length > 0
  return {
    ...rest,
    fields: Object.keys(snapshot),
    order: Object.keys(context ?? {}),
    nodes: _nodes?.map(({ id }) => id).toSorted(),
    error: error instanceof Error ? [error.name, error.message] : error,
    children: Object.entries((children ?? {}) as Record<string, AnyActorRef>).map(([id, child]) => [
      id,
      child.id,
      child.src,
      child.getPersistedSnapshot(),
    ]),
    // A child that was restored from a record has no `syncSnapshot`, which then counts as false.
    persisted: isWhole
      ? JSON.stringify(machine.getPersistedSnapshot(snapshot)).replaceAll(',"syncSnapshot":false', '')
      : undefined,
    written: isWhole ? JSON.stringify(toTransition(snapshot, 'same', 1)) : undefined,
  }
}

/** Where two snapshots differ; `undefined`: nowhere. */
export function differenceOf(one: AnyMachineSnapshot, other: AnyMachineSnapshot): string | undefined {
  const [a, b] = [toldOf(one), toldOf(other)]
  const field = [...new Set([...Object.keys(a), ...Object.keys(b)])].find(key => !isDeepStrictEqual(a[key], b[key]))
  return field && `${field}: ${JSON.stringify(a[field])} and ${JSON.stringify(b[field])}`
}
