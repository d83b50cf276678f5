import type { StepwrightError } from '../../errors.ts'
import { notOwned, processTaken } from '../failures.ts'
import { isHostId } from '../hosts/host-id.ts'
import { isWhole } from '../../journal/line.ts'
import { mustFit, recordOf, text as anyText } from '../../record/schema.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord } from '../../record/record.ts'
import { checkRevision } from '../../journal/revision.ts'
import { COMPACT_AT, worthKeeping } from '../../journal/worth-keeping.ts'
import type { Database } from './database.ts'

/** The places of a process that has ended, or goes back into the queue. Those of rates stay taken. */
export const freePlaces = (db: Database, pid: string): void =>
  void db.run('DELETE FROM places WHERE pid = ? AND kept = 0', pid)

/** All functions that write run within a transaction of their caller. */

type Labels = Readonly<Record<string, string>>

export const isThere = (db: Database, pid: string): boolean =>
  db.get('SELECT 1 FROM processes WHERE pid = ?', pid) !== undefined

/** The pid that has a key. */
export const holderOf = (db: Database, key: string): string | undefined =>
  db.get<{ pid: string }>('SELECT pid FROM processes WHERE key = ?', key)?.pid

/**
 * Inserts the row of a process. Its journal is still empty.
 *
 * @param owner of a process that has not ended
 * @param bytes how long its journal will be
 * @param newest the revision of its newest transition
 * @returns its id
 */
export function insertProcess(
  db: Database,
  record: ProcessRecord,
  owner: string,
  bytes: number,
  newest = record.revision,
): number {
  const { pid, name, status, key, parent, labels, revision, at } = record
  const id = db.insert(
    `INSERT INTO processes (pid, name, status, owner, key, parent, labels, revision, newest, bytes, ended_at, epoch)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
    pid,
    name,
    status,
    isFinal(status) ? null : owner,
    key ?? null,
    parent?.pid ?? null,
    labels ? JSON.stringify(labels) : null,
    revision,
    newest,
    bytes,
    isFinal(status) ? at : null,
    epochOf(record),
  )
  for (const [label, value] of Object.entries(labels ?? {})) {
    db.run(
      'INSERT OR IGNORE INTO labels (label, value, status, pid, name) VALUES (?, ?, ?, ?, ?)',
      label,
      value,
      status,
      pid,
      name,
    )
  }
  return id
}

export const insertLine = (db: Database, process: number, revision: number, text: string): number =>
  db.run('INSERT INTO lines (process, revision, line) VALUES (?, ?, ?)', process, revision, text)

interface Owned {
  readonly id: number
  readonly owner: string | null
  readonly epoch: number
  readonly status: string
  readonly labels: string | null
  readonly revision: number
  readonly newest: number
  readonly bytes: number
  readonly places: number
}

/** Why a host may not write to a process: it is another's, has ended, or is gone. */
export function notOurs(db: Database, pid: string, hostId: string): StepwrightError {
  const row = db.get<{ owner: string | null }>('SELECT owner FROM processes WHERE pid = ?', pid)
  return row === undefined
    ? notOwned(pid, hostId)
    : processTaken(pid, hostId, isHostId(row.owner) ? row.owner : undefined)
}

/**
 * Adds a line to a journal, if `hostId` owns the process in the line's epoch.
 *
 * @returns how long the journal is now, in characters
 * @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS, TypeError
 */
export function appendLine(db: Database, hostId: string, line: JournalLine, text: string): number {
  const { pid, revision, status, at } = line
  const sql =
    'SELECT id, owner, epoch, status, labels, revision, newest, bytes, places FROM processes WHERE pid = ? AND epoch = ?'
  const owned = db.get<Owned>(sql, pid, epochOf(line))
  // Of the last line the answer may have been lost. There is one owner to an epoch.
  if (owned?.owner === null && isFinal(status) && revision === owned.revision) return owned.bytes
  if (owned?.owner !== hostId) throw notOurs(db, pid, hostId)
  checkRevision(line, owned.revision)
  if (revision === owned.revision) return owned.bytes
  const { id } = owned
  const bytes = owned.bytes + text.length
  const newest = isWhole(line) ? revision : owned.newest
  insertLine(db, id, revision, text)
  // SQLite writes an index whenever one of its columns is set, even to the same value.
  if (isFinal(status)) {
    if (owned.places === 1) freePlaces(db, pid)
    db.run(
      'UPDATE processes SET revision = ?, newest = ?, bytes = ?, status = ?, owner = NULL, ended_at = ? WHERE id = ?',
      revision,
      newest,
      bytes,
      status,
      at,
      id,
    )
  } else if (status !== owned.status) {
    db.run(
      'UPDATE processes SET revision = ?, newest = ?, bytes = ?, status = ? WHERE id = ?',
      revision,
      newest,
      bytes,
      status,
      id,
    )
  } else db.run('UPDATE processes SET revision = ?, newest = ?, bytes = ? WHERE id = ?', revision, newest, bytes, id)
  if (status !== owned.status && owned.labels !== null) moveLabels(db, pid, owned, status)
  return bytes
}

/** The labels of a row; none if they make no sense. */
function parseLabels(labels: string | null): Labels {
  try {
    const found: unknown = JSON.parse(labels ?? '{}')
    mustFit(recordOf(anyText), found)
    return found as Labels
  } catch {
    return {}
  }
}

/** Updates the status beside the labels of a process: they are searched together. */
export function moveLabels(
  db: Database,
  pid: string,
  { labels, status }: Pick<Owned, 'labels' | 'status'>,
  next: string,
): void {
  for (const [label, value] of Object.entries(parseLabels(labels))) {
    db.run(
      'UPDATE labels SET status = ? WHERE label = ? AND value = ? AND status = ? AND pid = ?',
      next,
      label,
      value,
      status,
      pid,
    )
  }
}

/** @returns at what length the journal is to be compacted again */
export function compact(db: Database, pid: string): number {
  const { id } = db.get<{ id: number }>('SELECT id FROM processes WHERE pid = ?', pid)!
  const lines = db.all<{ revision: number; line: string }>(
    'SELECT revision, line FROM lines WHERE process = ? ORDER BY revision',
    id,
  )
  const texts = lines.map(({ line }) => line)
  const kept = new Map(worthKeeping(texts, pid, db.file).map(one => [one.position, one]))
  let bytes = 0
  let newest = 0
  lines.forEach(({ revision, line }, position) => {
    const found = kept.get(position)
    if (found === undefined) return db.run('DELETE FROM lines WHERE process = ? AND revision = ?', id, revision)
    bytes += found.text.length
    if (found.isWhole) newest = revision
    if (found.text === line) return
    db.run('UPDATE lines SET line = ? WHERE process = ? AND revision = ?', found.text, id, revision)
  })
  db.run('UPDATE processes SET bytes = ?, newest = ? WHERE id = ?', bytes, newest, id)
  return Math.max(COMPACT_AT, 2 * bytes)
}

/** Deletes a process and all that belongs to it. */
export function deleteProcess(db: Database, pid: string): void {
  const row = db.get<{ id: number; status: string; labels: string | null }>(
    'SELECT id, status, labels FROM processes WHERE pid = ?',
    pid,
  )
  if (row === undefined) return
  const { id, status, labels } = row
  for (const [label, value] of Object.entries(parseLabels(labels))) {
    db.run('DELETE FROM labels WHERE label = ? AND value = ? AND status = ? AND pid = ?', label, value, status, pid)
  }
  for (const table of ['lines', 'logs', 'streams']) db.run(`DELETE FROM ${table} WHERE process = ?`, id)
  db.run('DELETE FROM processes WHERE id = ?', id)
}
