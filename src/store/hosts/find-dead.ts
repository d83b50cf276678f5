import { setTimeout as delay } from 'node:timers/promises'
import type { HostState } from '../../record/host.ts'

/**
 * Which of these hosts are dead. All are asked at once, and one that has not answered in time is not dead: a host that does not respond must
 * not keep its neighbours from taking over from one that died.
 */
export async function findDead(ids: readonly string[], stateOf: (id: string) => Promise<HostState>): Promise<string[]> {
  if (ids.length === 0) return []
  const late = patience()
  const states = await Promise.all(ids.map(id => Promise.race([stateOf(id), late])))
  return ids.filter((_, index) => states[index] === 'dead')
}

/**
 * A connection to the dead is refused at once, so the others need not wait the second that a host is given to answer. In two turns: what was
 * there first is read first, however late our own event loop is.
 */
async function patience(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await delay(100, undefined, { ref: false })
}
