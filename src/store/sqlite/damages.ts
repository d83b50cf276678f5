import { corrupt } from '../../journal/failures.ts'
import { findDamages } from '../damages.ts'
import type { Collection } from '../documents.ts'
import { isHostId } from '../hosts/host-id.ts'
import type { Damage, Store } from '../store.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { deleteProcess } from './journal.ts'

/** See `Store.damages`. What makes no sense is moved to the table `lost_and_found`. */
export async function* sqliteDamages(store: Store, connection: Connection): AsyncGenerator<Damage> {
  const { db } = connection
  const found = await db.read(() => db.all<{ integrity_check: string }>('PRAGMA integrity_check(10)'))
  for (const { integrity_check: message } of found) {
    if (message !== 'ok') yield { error: corrupt(db.file, new Error(message)) }
  }
  yield* findDamages(store, {
    journal: pid => moveProcess(connection, pid),
    document: (collection, name) => moveDocument(connection, collection, name),
  })
}

/** @returns where it is now. Runs within a transaction of its caller. */
function insertLost(db: Database, collection: string, name: string, content: string): string {
  const sql = 'INSERT INTO lost_and_found (at, collection, name, content) VALUES (?, ?, ?, ?)'
  return `${db.file} (lost_and_found, ${db.insert(sql, Date.now(), collection, name, content)})`
}

/** The journal of a host that may be alive stays: that host goes on writing it. */
async function moveProcess({ db, commits, hosts }: Connection, pid: string): Promise<string | undefined> {
  const owned = await db.read(() => db.get<{ owner: string | null }>('SELECT owner FROM processes WHERE pid = ?', pid))
  const owner = owned?.owner ?? null
  if (isHostId(owner) && (await hosts.stateOf(owner)) !== 'dead') return undefined
  return commits.add(() => {
    const row = db.get<{ id: number }>('SELECT * FROM processes WHERE pid = ? AND owner IS ?', pid, owner)
    if (row === undefined) return undefined
    const sql = 'SELECT line FROM lines WHERE process = ? ORDER BY revision'
    const lines = db.all<{ line: string }>(sql, row.id).map(({ line }) => line)
    const lost = insertLost(db, 'processes', pid, [JSON.stringify(row), ...lines].join('\n'))
    deleteProcess(db, pid)
    return lost
  })
}

function moveDocument({ db, commits }: Connection, collection: Collection, name: string): Promise<string | undefined> {
  return commits.add(() => {
    const row = db.get<{ document: string }>(
      'SELECT document FROM documents WHERE collection = ? AND name = ?',
      collection,
      name,
    )
    if (row === undefined) return undefined
    const lost = insertLost(db, collection, name, row.document)
    db.run('DELETE FROM documents WHERE collection = ? AND name = ?', collection, name)
    return lost
  })
}
