import { setTimeout as delay } from 'node:timers/promises'
import type { HostState } from '../../record/host.ts'

/**
 * The hosts among these that are dead. All are asked at once. A host that has not answered in time
 * does not count as dead, and does not delay the adoption from hosts that are.
 */
export async function findDead(ids: readonly string[], stateOf: (id: string) => Promise<HostState>): Promise<string[]> {
  if (ids.length === 0) return []
  const late = patience()
  const states = await Promise.all(ids.map(id => Promise.race([stateOf(id), late])))
  return ids.filter((_, index) => states[index] === 'dead')
}

/**
 * Resolves after 200 ms. A connection to a dead host is refused at once, so there is no need to
 * wait the second that a host is given to answer. It takes two timers, because our own event loop
 * may be late: refusals that have arrived are read between them.
 */
async function patience(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await delay(100, undefined, { ref: false })
}
