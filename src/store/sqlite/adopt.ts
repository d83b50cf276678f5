import type { ProcessRecord } from '../../record/record.ts'
import { findDead } from '../hosts/find-dead.ts'
import type { AdoptedProcess, HostStore } from '../store.ts'
import { RELEASED, deleteIfEmpty, hostIds, removeLeftSocket } from './hosts.ts'
import { isHostId } from '../hosts/host-id.ts'
import type { Connection } from './connection.ts'
import { readIfWhole } from './records.ts'

type Accept = Parameters<HostStore['adopt']>[0]
type Skip = NonNullable<Parameters<HostStore['adopt']>[1]>
type Holds = NonNullable<Parameters<HostStore['adopt']>[2]>

/** Processes taken per transaction: a few milliseconds. */
const BATCH = 50

/**
 * See `HostStore.adopt`. Whose a process is, and what is in its journal, is read and changed within
 * one transaction, so exactly one host gets it.
 */
export async function* adopt(
  connection: Connection,
  hostId: string,
  accept: Accept,
  skip: Skip,
  holds: Holds | undefined,
): AsyncGenerator<AdoptedProcess> {
  const { db, commits, hosts } = connection
  const owners = await abandonedOwners(connection, hostId)
  if (holds !== undefined) owners.push(hostId)
  for (const owner of owners) {
    const released = owner === RELEASED || owner === hostId
    const isSkipped: Skip = owner === hostId && holds !== undefined ? (pid, one) => holds(pid) || skip(pid, one) : skip
    for (let after = ''; ;) {
      const { records, last } = await commits.add(() => takeSome(connection, hostId, owner, after, accept, isSkipped))
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
  const sql = 'SELECT pid, epoch FROM processes WHERE owner = ? AND pid > ? ORDER BY pid LIMIT ?'
  const found = db.all<{ pid: string; epoch: number }>(sql, owner, after, BATCH)
  const records = found.flatMap(({ pid, epoch }): ProcessRecord[] => {
    const record = skip(pid, owner) ? undefined : readIfWhole(db, pid)
    if (record === undefined || !accept(record, owner)) return []
    db.run('UPDATE processes SET owner = ?, epoch = ? WHERE pid = ?', hostId, epoch + 1, pid)
    return [{ ...record, epoch: epoch + 1 }]
  })
  return { records, last: found.length < BATCH ? undefined : found.at(-1)?.pid }
}

function giveBack({ db }: Connection, hostId: string, owner: string, records: readonly ProcessRecord[]): void {
  for (const { pid } of records)
    db.run('UPDATE processes SET owner = ? WHERE pid = ? AND owner = ?', owner, pid, hostId)
}
