import { hostAlive, unknownHost } from '../failures.ts'
import { isHostId } from '../hosts/host-id.ts'
import type { Connection } from './connection.ts'
import { RELEASED, removeLeftSocket } from './hosts.ts'

/** See `Store.adopt`. A host that is alive after all finds that it owns nothing any more. */
export async function adoptHost(
  { db, commits, documents, hosts }: Connection,
  hostId: string,
  force: boolean,
): Promise<number> {
  const isOwner = await db.read(() => db.get('SELECT 1 FROM processes WHERE owner = ?', hostId) !== undefined)
  if (!(isOwner && isHostId(hostId)) && (await documents.get('hosts', hostId)) === undefined)
    throw unknownHost(hostId, db.file)
  const state = await hosts.stateOf(hostId)
  if (!force && (state === 'alive' || state === 'unresponsive')) throw hostAlive(hostId, state)
  const taken = await commits.add(() => {
    db.run("DELETE FROM documents WHERE collection = 'hosts' AND name = ?", hostId)
    return db.run('UPDATE processes SET owner = ? WHERE owner = ?', RELEASED, hostId)
  })
  hosts.forget(hostId)
  removeLeftSocket(db, hostId)
  return taken
}
