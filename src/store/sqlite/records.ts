import { corrupt, isOfOneJournal } from '../../journal/failures.ts'
import { final } from '../../journal/reader.ts'
import { Nonsense, fold, foldNewest, parseLine } from '../../journal/line.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { everyRecordOf } from '../in-pieces.ts'
import type { Database } from './database.ts'
import { isThere } from './journal.ts'

export interface FoundRecord {
  readonly id: number
  /** A host's id, `RELEASED`, or null once it has ended. */
  readonly owner: string | null
  readonly record: ProcessRecord
}

interface Row {
  readonly id: number
  readonly owner: string | null
  readonly newest: number
  readonly revision: number
  readonly head: string | null
  readonly transition: string | null
}

const NEWEST = `SELECT id, owner, newest, revision,
  (SELECT line FROM lines WHERE process = id ORDER BY revision LIMIT 1) AS head,
  (SELECT line FROM lines WHERE process = id AND revision = newest) AS "transition"
  FROM processes WHERE pid = ?`

/** The place that messages name. */
const placeOf = (db: Database, pid: string): string => `${db.file} (process ${pid})`

/**
 * The newest record of a process, and its owner.
 *
 * @throws ERR_STORE_CORRUPT, ERR_STORE_VERSION
 */
export function readNewest(db: Database, pid: string): FoundRecord | undefined {
  const row = db.get<Row>(NEWEST, pid)
  if (row === undefined) return undefined
  const { id, owner, newest, revision, head, transition } = row
  // Reports of progress since. Usually there are none.
  const sql = 'SELECT line FROM lines WHERE process = ? AND revision > ? ORDER BY revision DESC'
  const reports = revision === newest ? [] : db.all<{ line: string }>(sql, id, newest).map(({ line }) => line)
  const place = placeOf(db, pid)
  const record = final(place, () => {
    if (head === null || transition === null) throw new Nonsense('lines of its journal are missing')
    return foldNewest(head, [...reports, transition], pid, place)
  })
  return { id, owner, record }
}

/**
 * Returns `undefined` for a journal that cannot be read. Hosts that look for work leave it where it
 * is, and readers report it.
 */
export function readIfWhole(db: Database, pid: string): ProcessRecord | undefined {
  try {
    return readNewest(db, pid)?.record
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error
  }
}

/** The record after each line, oldest first. */
export async function readEvery(db: Database, pid: string): Promise<ProcessRecord[] | undefined> {
  const { lines, isMissing } = await db.read(() => {
    const sql = 'SELECT line FROM lines WHERE process = (SELECT id FROM processes WHERE pid = ?) ORDER BY revision'
    const rows = db.all<{ line: string }>(sql, pid)
    return { lines: rows.map(({ line }) => line), isMissing: rows.length === 0 && isThere(db, pid) }
  })
  const place = placeOf(db, pid)
  if (isMissing) throw corrupt(place, new Nonsense('lines of its journal are missing'))
  return everyRecordOf(lines, pid, place)
}

/** The records after `before`, oldest first. */
export function readSince(db: Database, id: number, before: ProcessRecord): ProcessRecord[] {
  const { pid, revision } = before
  const lines = db.all<{ line: string }>(
    'SELECT line FROM lines WHERE process = ? AND revision > ? ORDER BY revision',
    id,
    revision,
  )
  let record = before
  return final(placeOf(db, pid), () => lines.map(({ line }) => (record = fold(record, parseLine(line, pid)))))
}
