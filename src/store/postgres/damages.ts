import { findDamages } from '../damages.ts'
import type { Collection } from '../documents.ts'
import { isHostId } from '../hosts/host-id.ts'
import type { Damage, Store } from '../store.ts'
import type { Ask, Connection } from './connection.ts'
import { removeProcesses } from './expire.ts'
import { hostStates } from './liveness.ts'

/** See `Store.damages`. What makes no sense is moved to the table `lost_and_found`. */
export const postgresDamages = (store: Store, connection: Connection): AsyncGenerator<Damage> =>
  findDamages(store, {
    journal: pid => moveProcess(connection, pid),
    document: (collection, name) => moveDocument(connection, collection, name),
  })

/** @returns where it is now. Runs within a transaction of its caller. */
async function insertLost(
  ask: Ask,
  { place }: Connection,
  collection: string,
  name: string,
  content: string,
): Promise<string> {
  const sql = 'INSERT INTO lost_and_found (at, collection, name, content) VALUES (now(), $1, $2, $3) RETURNING id'
  const [row] = await ask<{ id: number }>(sql, [collection, name, content])
  return `${place.location} (lost_and_found, ${row?.id})`
}

/** The journal of a host that may be alive stays: that host goes on writing it. */
async function moveProcess(connection: Connection, pid: string): Promise<string | undefined> {
  const { ask, place } = connection
  const [owned] = await ask<{ owner: string | null }>('SELECT owner FROM processes WHERE pid = $1', [pid])
  const owner = owned?.owner ?? null
  if (isHostId(owner) && ((await hostStates(ask, place)).get(owner) ?? 'dead') !== 'dead') return undefined
  return connection.transaction(async within => {
    const sql =
      'SELECT id, to_json(processes)::text AS process FROM processes WHERE pid = $1 AND owner IS NOT DISTINCT FROM $2 FOR UPDATE'
    const [row] = await within<{ id: number; process: string }>(sql, [pid, owner])
    if (row === undefined) return undefined
    const lines = await within<{ line: string }>('SELECT line FROM lines WHERE process = $1 ORDER BY revision', [
      row.id,
    ])
    const lost = await insertLost(
      within,
      connection,
      'processes',
      pid,
      [row.process, ...lines.map(({ line }) => line)].join('\n'),
    )
    await removeProcesses(within, [pid])
    return lost
  })
}

const moveDocument = (connection: Connection, collection: Collection, name: string): Promise<string | undefined> =>
  connection.transaction(async ask => {
    const sql = 'DELETE FROM documents WHERE collection = $1 AND name = $2 RETURNING document'
    const [row] = await ask<{ document: string }>(sql, [collection, name])
    return row && insertLost(ask, connection, collection, name, row.document)
  })
