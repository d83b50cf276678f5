import { toFirstLine } from '../../journal/line.ts'
import { epochOf } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { Created } from '../store.ts'
import type { Database } from './database.ts'
import { SUBMITTED } from './hosts.ts'
import { holderOf, insertLine, insertProcess, moveLabels, notOurs } from './journal.ts'
import { readIfWhole } from './records.ts'

/** These run within a transaction of their caller. */

export function submit(db: Database, record: ProcessRecord): Created {
  const { pid, key } = record
  const holder = key === undefined ? undefined : holderOf(db, key)
  if (holder !== undefined) return { pid: holder, created: false }
  const text = JSON.stringify(toFirstLine(record))
  insertLine(db, insertProcess(db, record, SUBMITTED, text.length), record.revision, text)
  return { pid, created: true }
}

/** Submissions looked at in one transaction. */
const PAGE = 64

/** What was found after a pid, in a transaction. */
export interface Taken {
  /** The oldest submission that was accepted. */
  readonly record?: ProcessRecord
  /** Where to look on. */
  readonly after: string
}

/** Takes the oldest submission after `after` for which `accept` returns true. */
export function takeNext(
  db: Database,
  hostId: string,
  after: string,
  accept: (record: ProcessRecord) => boolean,
  skip: (pid: string) => boolean,
): Taken {
  const sql = 'SELECT pid, epoch FROM processes WHERE owner = ? AND pid > ? ORDER BY pid LIMIT ?'
  let last = after
  for (const { pid, epoch } of db.all<{ pid: string; epoch: number }>(sql, SUBMITTED, after, PAGE)) {
    last = pid
    const found = skip(pid) ? undefined : readIfWhole(db, pid)
    if (found === undefined || !accept(found)) continue
    const record = epoch === 0 ? found : { ...found, epoch }
    db.run('UPDATE processes SET owner = ? WHERE pid = ?', hostId, pid)
    return { record, after: pid }
  }
  return { after: last }
}

/** @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS */
export function complete(db: Database, hostId: string, record: ProcessRecord): void {
  const { pid, status, revision } = record
  const sql = 'SELECT id, status, labels FROM processes WHERE pid = ? AND owner = ? AND epoch = ?'
  const owned = db.get<{ id: number; status: string; labels: string | null }>(sql, pid, hostId, epochOf(record))
  if (owned === undefined) throw notOurs(db, pid, hostId)
  const text = JSON.stringify(toFirstLine(record))
  db.run('UPDATE lines SET line = ? WHERE process = ? AND revision = ?', text, owned.id, revision)
  db.run('UPDATE processes SET status = ?, bytes = ? WHERE id = ?', status, text.length, owned.id)
  if (status !== owned.status && owned.labels !== null) moveLabels(db, pid, owned, status)
}
