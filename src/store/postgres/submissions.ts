import { toFirstLine } from '../../journal/line.ts'
import { epochOf } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { Created } from '../store.ts'
import { CREATE, creationColumns } from './commits.ts'
import type { Ask, Connection } from './connection.ts'
import { SUBMITTED, notOurs } from './hosts.ts'
import { insertProcess } from './insert-process.ts'
import { changeNotes, hostNote } from './notifications.ts'
import { readRows, recordIfWhole } from './records.ts'
import { keyHash } from './values.ts'

/** Rows that one statement adds at most. */
const MAX_ROWS = 200
/** Submissions looked at together. */
const PAGE = 64
/** Hosts that are woken for a submission, at random: the others look once a second. */
const WOKEN = 8

export const submit = (connection: Connection, record: ProcessRecord): Promise<Created> =>
  connection.transaction(async (ask, notify) => {
    const { pid, key, revision } = record
    const text = JSON.stringify(toFirstLine(record))
    if (await insertProcess(ask, record, { owner: SUBMITTED, lines: [{ revision, text }] })) {
      const hosts = await ask<{ id: string }>('SELECT id FROM hosts ORDER BY random() LIMIT $1', [WOKEN])
      notify(...changeNotes(connection.place, [pid]))
      notify(...hosts.map(({ id }) => hostNote(connection.place, id, 'wake')))
      return { pid, created: true }
    }
    const [holder] = await ask<{ pid: string }>(
      'SELECT pid FROM processes WHERE pid = $1 OR key = $2 ORDER BY pid <> $1',
      [pid, keyHash(key)],
    )
    // The pid is ours alone: the answer to a first try was lost.
    return holder === undefined ? Promise.reject(retry()) : { pid: holder.pid, created: holder.pid === pid }
  })

/** All in one transaction. Keys are claimed in one order by all, so that none waits for another. */
export const submitMany = (connection: Connection, records: readonly ProcessRecord[]): Promise<Created[]> =>
  connection.transaction(async (ask, notify) => {
    const created = new Set<string>()
    const inOrder = records
      .map(record => ({ pid: record.pid, record, text: JSON.stringify(toFirstLine(record)) }))
      .toSorted((a, b) => ((a.record.key ?? '') < (b.record.key ?? '') ? -1 : 1))
    for (let from = 0; from < inOrder.length; from += MAX_ROWS) {
      const columns = creationColumns(inOrder.slice(from, from + MAX_ROWS))
      for (const { pid } of await ask<{ pid: string }>(CREATE, [SUBMITTED, ...columns])) created.add(pid)
    }
    const others = records.filter(({ pid }) => !created.has(pid))
    const holders = await holdersOf(ask, others)
    notify(...changeNotes(connection.place, [...created]))
    const hosts = await ask<{ id: string }>('SELECT id FROM hosts ORDER BY random() LIMIT $1', [WOKEN])
    notify(...hosts.map(({ id }) => hostNote(connection.place, id, 'wake')))
    return records.map(({ pid }) => {
      const holder = created.has(pid) ? pid : holders.get(pid)
      if (holder === undefined) throw retry()
      return { pid: holder, created: holder === pid }
    })
  })

/** Of each, the process that has its key, or itself: the answer to a first try was lost. */
async function holdersOf(ask: Ask, records: readonly ProcessRecord[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const { pid, key } of records) {
    const sql = 'SELECT pid FROM processes WHERE pid = $1 OR key = $2 ORDER BY pid <> $1 LIMIT 1'
    const [row] = await ask<{ pid: string }>(sql, [pid, keyHash(key)])
    if (row !== undefined) found.set(pid, row.pid)
  }
  return found
}

/** Whoever had the key went between two statements: the transaction is tried again. */
const retry = (): Error => Object.assign(new Error('the key was freed meanwhile'), { code: '40001' })

/**
 * Takes submissions one by one, oldest first.
 *
 * @param coming has the one that is being taken
 */
export async function* takeSubmitted(
  connection: Connection,
  hostId: string,
  accept: (record: ProcessRecord) => boolean,
  isSkipped: (pid: string) => boolean,
  coming: Set<string>,
): AsyncGenerator<ProcessRecord> {
  const { ask, place } = connection
  for (let after = ''; ;) {
    const sql = 'SELECT pid FROM processes WHERE owner = $1 AND pid > $2 ORDER BY pid LIMIT $3'
    const pids = (await ask<{ pid: string }>(sql, [SUBMITTED, after, PAGE])).map(({ pid }) => pid)
    for (const pid of pids) {
      if (isSkipped(pid)) continue
      const [row] = await readRows(ask, [pid])
      const record = row?.owner === SUBMITTED ? recordIfWhole(place, row) : undefined
      if (record === undefined || !accept(record)) continue
      coming.add(pid)
      try {
        const isTaken = await connection.transaction(async (within, notify) => {
          const taken = await within('UPDATE processes SET owner = $1 WHERE pid = $2 AND owner = $3 RETURNING 1', [
            hostId,
            pid,
            SUBMITTED,
          ])
          if (taken.length > 0) notify(...changeNotes(place, [pid]))
          return taken.length > 0
        })
        if (isTaken) yield { ...record, epoch: row!.epoch }
      } finally {
        coming.delete(pid)
      }
    }
    if (pids.length < PAGE) return
    after = pids.at(-1)!
  }
}

/** See `HostStore.complete`. */
export const complete = (connection: Connection, hostId: string, record: ProcessRecord): Promise<void> =>
  connection.transaction(async (ask, notify) => {
    const { pid, revision, status } = record
    const text = JSON.stringify(toFirstLine(record))
    const [row] = await ask<{ id: number; owner: string | null; epoch: number }>(
      'SELECT id, owner, epoch FROM processes WHERE pid = $1 FOR UPDATE',
      [pid],
    )
    if (row?.owner !== hostId || row.epoch !== epochOf(record)) throw notOurs(pid, hostId, row)
    await ask('UPDATE processes SET status = $1, bytes = $2 WHERE id = $3', [status, text.length, row.id])
    await ask('UPDATE lines SET line = $1 WHERE process = $2 AND revision = $3', [text, row.id, revision])
    notify(...changeNotes(connection.place, [pid]))
  })
