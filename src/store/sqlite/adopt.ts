import { findDead } from '../hosts/find-dead.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { AdoptedProcess } from '../store.ts'
import type { Commits } from './commits.ts'
import type { Database } from './database.ts'
import { RELEASED, SUBMITTED, removeHost } from './hosts.ts'
import type { Hosts } from './hosts.ts'
import { readIfWhole } from './records.ts'

/** Processes taken per transaction: a few milliseconds. */
const BATCH = 50

/** What a host adopts with. */
export interface Adopter {
  readonly hostId: string
  readonly db: Database
  readonly commits: Commits
  readonly hosts: Hosts
  /** Processes that this `accept` said no to: a host that does not know a definition never will, so they are not read again each time. */
  readonly refused: Set<string>
}

/**
 * Takes over what dead hosts and releases left behind, as far as `accept` says yes. Whose a process is, and what is in its journal, is read
 * and changed within one transaction, so exactly one host gets it.
 */
export async function* adopt(adopter: Adopter, accept: (record: ProcessRecord) => boolean): AsyncGenerator<AdoptedProcess> {
  const { db, commits, hosts } = adopter
  for (const owner of await abandoned(adopter)) {
    const released = owner === RELEASED
    for (let after = ''; ;) {
      const { records, last } = await commits.add(() => takeSome(adopter, owner, after, accept))
      let given = 0
      try {
        for (const record of records) {
          given += 1
          yield { record, released }
        }
      } finally {
        // Nobody wants the rest: it stays whose it was.
        if (given < records.length) await commits.add(() => giveBack(adopter, owner, records.slice(given)))
      }
      if (last === undefined) break
      after = last
    }
    if (!released && (await commits.add(() => removeHost(db, owner)))) hosts.forget(owner)
  }
}

/** Whose processes are up for adoption. */
async function abandoned({ hostId, db, hosts }: Adopter): Promise<string[]> {
  const sql = 'SELECT DISTINCT owner AS id FROM processes WHERE owner IS NOT NULL UNION SELECT id FROM hosts'
  const owners = (await db.read(() => db.all<{ id: string }>(sql)))
    .map(({ id }) => id)
    .filter(id => ![hostId, RELEASED, SUBMITTED].includes(id))
  return [RELEASED, ...(await findDead(owners, owner => hosts.stateOf(owner)))]
}

/** @returns `last`: the pid after which to go on, if there may be more */
function takeSome(
  { db, hostId, refused }: Adopter,
  owner: string,
  after: string,
  accept: (record: ProcessRecord) => boolean,
): { readonly records: ProcessRecord[]; readonly last: string | undefined } {
  const pids = db.all<{ pid: string }>('SELECT pid FROM processes WHERE owner = ? AND pid > ? ORDER BY pid LIMIT ?', owner, after, BATCH)
  const asked = pids.flatMap(({ pid }) => (refused.has(pid) ? [] : (readIfWhole(db, pid) ?? [])))
  const records = asked.filter(record => {
    if (accept(record)) return true
    refused.add(record.pid)
    return false
  })
  for (const { pid } of records) db.run('UPDATE processes SET owner = ? WHERE pid = ?', hostId, pid)
  return { records, last: pids.length < BATCH ? undefined : pids.at(-1)?.pid }
}

function giveBack({ db, hostId }: Adopter, owner: string, records: readonly ProcessRecord[]): void {
  for (const { pid } of records) db.run('UPDATE processes SET owner = ? WHERE pid = ? AND owner = ?', owner, pid, hostId)
}
