import { hostAlive, unknownHost } from '../failures.ts'
import { RELEASED, SUBMITTED } from './hosts.ts'
import type { Reader } from './reader.ts'

/** See `Store.adopt`. A host that is alive after all finds that it owns nothing any more. */
export async function adoptHost({ db, commits, hosts }: Reader, hostId: string, force: boolean): Promise<number> {
  const sql = 'SELECT 1 FROM hosts WHERE id = ?1 UNION SELECT 1 FROM processes WHERE owner = ?1 AND owner NOT IN (?2, ?3)'
  const isKnown = await db.read(() => db.get(sql, hostId, RELEASED, SUBMITTED) !== undefined)
  if (!isKnown) throw unknownHost(hostId, db.file)
  const state = await hosts.stateOf(hostId)
  if (!force && (state === 'alive' || state === 'unresponsive')) throw hostAlive(hostId, state)
  const taken = await commits.add(() => {
    db.run('DELETE FROM hosts WHERE id = ?', hostId)
    return db.run('UPDATE processes SET owner = ? WHERE owner = ?', RELEASED, hostId)
  })
  hosts.forget(hostId)
  return taken
}
