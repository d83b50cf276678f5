import type { ProcessRecord } from '../../record/record.ts'
import { findDead } from '../hosts/find-dead.ts'
import type { AdoptedProcess, HostStore } from '../store.ts'
import { RELEASED, deleteIfEmpty, hostIds, removeLeftSocket } from './hosts.ts'
import { isHostId } from '../hosts/host-id.ts'
import type { Connection } from './connection.ts'
import { readIfWhole } from './records.ts'

type Accept = Parameters<HostStore['adopt']>[0]
type Skip = NonNullable<Parameters<HostStore['adopt']>[1]>

/** Processes taken per transaction: a few milliseconds. */
const BATCH = 50

/**
 * See `HostStore.adopt`. Whose a process is, and what is in its journal, is read and changed within
 * one transaction, so exactly one host gets it.
 */
export async function* adopt(connection: Connection, hostId: string, accept: Accept, skip: Skip): AsyncGenerator<AdoptedProcess> {
  const { db, commits, hosts } = connection
  for (const owner of await abandonedOwners(connection, hostId)) {
    const released = owner === RELEASED
    for (let after = ''; ;) {
      const { records, last } = await commits.add(() => takeSome(connection, hostId, owner, after, accept, skip))
      let given = 0
      try {
        for (const record of records) {
          given += 1
          yield { record, released }
        }
      } finally {
        // The caller has stopped iterating: the rest goes back to its owner.
        if (given < records.length) await commits.add(() => giveBack(connection, hostId, owner, records.slice(given)))
      }
      if (last === undefined) break
      after = last
    }
    if (!released && (await commits.add(() => deleteIfEmpty(db, owner)))) {
      hosts.forget(owner)
      removeLeftSocket(db, owner)
    }
  }
}

/** The owners whose processes may be adopted. */
async function abandonedOwners({ db, hosts }: Connection, hostId: string): Promise<string[]> {
  const sql = 'SELECT DISTINCT owner FROM processes WHERE owner IS NOT NULL'
  const owners = await db.read(() => [...db.all<{ owner: string }>(sql).map(({ owner }) => owner), ...hostIds(db)])
  const others = [...new Set(owners)].filter(owner => owner !== hostId && isHostId(owner))
  return [RELEASED, ...(await findDead(others, owner => hosts.stateOf(owner)))]
}

/** @returns `last`: the pid after which to go on, if there may be more */
function takeSome(
  { db }: Connection,
  hostId: string,
  owner: string,
  after: string,
  accept: Accept,
  skip: Skip,
): { readonly records: ProcessRecord[]; readonly last: string | undefined } {
  const sql = 'SELECT pid FROM processes WHERE owner = ? AND pid > ? ORDER BY pid LIMIT ?'
  const pids = db.all<{ pid: string }>(sql, owner, after, BATCH).map(({ pid }) => pid)
  const records = pids.flatMap(pid => (skip(pid, owner) ? [] : (readIfWhole(db, pid) ?? []))).filter(record => accept(record, owner))
  for (const { pid } of records) db.run('UPDATE processes SET owner = ? WHERE pid = ?', hostId, pid)
  return { records, last: pids.length < BATCH ? undefined : pids.at(-1) }
}

function giveBack({ db }: Connection, hostId: string, owner: string, records: readonly ProcessRecord[]): void {
  for (const { pid } of records) db.run('UPDATE processes SET owner = ? WHERE pid = ? AND owner = ?', owner, pid, hostId)
}
