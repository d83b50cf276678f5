import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessRecord } from '../../record/record.ts'
import type { HostStore } from '../store.ts'
import type { Ask, Connection } from './connection.ts'
import { RELEASED, SUBMITTED, forgetHost } from './hosts.ts'
import { holdsLock, mayJudge } from './liveness.ts'
import { changeNotes, everythingNote } from './notifications.ts'
import { readRows, recordIfWhole } from './records.ts'

type Accept = Parameters<HostStore['adopt']>[0]
type Skip = NonNullable<Parameters<HostStore['adopt']>[1]>

/** Processes taken per transaction: some milliseconds. */
const BATCH = 100
/**
 * A host that was alive at the last look and whose connection broke has so long to take its lock
 * again.
 */
const RENEWAL_MS = 700
/**
 * Hosts that look for dead ones in a round, on average. Each looks at all others: if all looked,
 * the work would grow with the square of their number.
 */
const LOOKS = 8

/**
 * Somebody whose processes are up for adoption. `number` is that of a host's lock; of the other
 * owners there is none.
 */
export interface Abandoned {
  readonly owner: string
  readonly number?: number
}

/**
 * The hosts that are dead, and the owners that nobody knows any more. Owners are found one after
 * the other in the index: it is as long as there are processes.
 */
async function deadHosts({ ask, place }: Connection, hostId: string): Promise<Abandoned[]> {
  if (!(await mayJudge(ask))) return []
  const rows = await ask<{ owner: string; number: number | null }>(
    `WITH RECURSIVE owners AS (
       SELECT min(owner) AS owner FROM processes WHERE owner IS NOT NULL
       UNION ALL SELECT (SELECT min(owner) FROM processes WHERE owner > owners.owner) FROM owners WHERE owners.owner IS NOT NULL)
     SELECT id AS owner, number FROM hosts WHERE id <> $1 AND NOT ${holdsLock(place, 'hosts.number')}
     UNION SELECT owner, NULL::int FROM owners
     WHERE owner <> ALL($2::text[]) AND owner NOT IN (SELECT id FROM hosts)`,
    [hostId, [hostId, RELEASED, SUBMITTED]],
  )
  return rows.map(({ owner, number }) => ({ owner, ...(number !== null && { number }) }))
}

/**
 * Finds those whose processes are up for adoption. Remembers which hosts were alive, since of these
 * a connection may just be renewed.
 */
export class AbandonedOwners {
  readonly #connection: Connection
  readonly #hostId: string
  #alive: ReadonlySet<string> = new Set()

  constructor(connection: Connection, hostId: string) {
    this.#connection = connection
    this.#hostId = hostId
  }

  async find(): Promise<Abandoned[]> {
    const released = await this.#connection.ask('SELECT 1 FROM processes WHERE owner = $1 LIMIT 1', [RELEASED])
    const dead = Math.random() < LOOKS / this.#alive.size ? await this.#findDead() : []
    return released.length > 0 ? [{ owner: RELEASED }, ...dead] : dead
  }

  async #findDead(): Promise<Abandoned[]> {
    let dead = await deadHosts(this.#connection, this.#hostId)
    if (dead.some(({ owner }) => this.#alive.has(owner))) {
      await delay(RENEWAL_MS)
      const first = new Set(dead.map(({ owner }) => owner))
      dead = (await deadHosts(this.#connection, this.#hostId)).filter(({ owner }) => first.has(owner))
    }
    const gone = new Set(dead.map(({ owner }) => owner))
    const hosts = await this.#connection.ask<{ id: string }>('SELECT id FROM hosts')
    this.#alive = new Set(hosts.map(({ id }) => id).filter(id => !gone.has(id)))
    return dead
  }
}

/** A page of what an owner has left. */
interface Taken {
  readonly records: ProcessRecord[]
  /** The pid after which to go on, if there may be more. */
  readonly last: string | undefined
}

/**
 * Takes some processes of an owner, each in an epoch above all before. A dead host's lock is held
 * for the time of the transaction: the host is dead until that is over, and if it comes back it
 * finds what is left to it.
 */
export function takeSome(
  connection: Connection,
  hostId: string,
  { owner, number }: Abandoned,
  after: string,
  accept: Accept,
  isSkipped: Skip,
): Promise<Taken> {
  return connection.transaction(async (ask, notify) => {
    if (number !== undefined && !(await holdFor(ask, connection, number))) return { records: [], last: undefined }
    const sql = 'SELECT pid FROM processes WHERE owner = $1 AND pid > $2 ORDER BY pid LIMIT $3 FOR UPDATE SKIP LOCKED'
    const pids = (await ask<{ pid: string }>(sql, [owner, after, BATCH])).map(({ pid }) => pid)
    const rows = await readRows(
      ask,
      pids.filter(pid => !isSkipped(pid, owner)),
    )
    const records = rows.flatMap(row => {
      const record = recordIfWhole(connection.place, row)
      return record === undefined ? [] : [{ ...record, epoch: row.epoch + 1 }]
    })
    const taken = records.filter(record => accept(record, owner)).toSorted((a, b) => (a.pid < b.pid ? -1 : 1))
    const given = taken.map(({ pid }) => pid)
    if (given.length > 0)
      await ask('UPDATE processes SET owner = $1, epoch = epoch + 1 WHERE pid = ANY($2::text[])', [hostId, given])
    notify(...changeNotes(connection.place, given))
    return { records: taken, last: pids.length < BATCH ? undefined : pids.at(-1) }
  })
}

/** @returns false if the host has come back */
async function holdFor(ask: Ask, { place }: Connection, number: number): Promise<boolean> {
  // Shared with other adopters, exclusive against the host itself.
  const [row] = await ask<{ held: boolean }>('SELECT pg_try_advisory_xact_lock_shared($1, $2) AS held', [
    place.locks,
    number,
  ])
  return row?.held ?? false
}

/** What was taken and nobody wants goes back to its owner. */
export const giveBack = (
  connection: Connection,
  hostId: string,
  owner: string,
  records: readonly ProcessRecord[],
): Promise<object[]> =>
  connection.transaction(ask =>
    ask('UPDATE processes SET owner = $1 WHERE pid = ANY($2::text[]) AND owner = $3', [
      owner,
      records.map(({ pid }) => pid),
      hostId,
    ]),
  )

/** Forgets a dead host that owns nothing any more. */
export const forgetIfEmpty = (connection: Connection, { owner, number }: Abandoned): Promise<void> =>
  connection.transaction(async (ask, notify) => {
    if (number === undefined || !(await holdFor(ask, connection, number))) return
    const [left] = await ask('SELECT 1 FROM processes WHERE owner = $1 LIMIT 1', [owner])
    if (left !== undefined) return
    await forgetHost(ask, owner)
    notify(everythingNote(connection.place))
  })
