import type { Host, StoredProcess } from '../../record/host.ts'
import { isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { Nonsense, fold, foldNewest, parseLine } from '../../journal/line.ts'
import { isOfOneJournal } from '../../journal/failures.ts'
import { final } from '../../journal/reader.ts'
import { everyRecordOf } from '../in-pieces.ts'
import type { Ask } from './connection.ts'
import type { Place } from './place.ts'

/**
 * A process with the lines that its record needs: the first one, and those from the newest
 * transition on.
 */
export interface Row {
  readonly id: number
  readonly pid: string
  readonly owner: string | null
  readonly epoch: number
  readonly head: string | null
  readonly tail: readonly string[] | null
}

const NEWEST = `
  SELECT p.id, p.pid, p.owner, p.epoch,
    (SELECT line FROM lines WHERE process = p.id ORDER BY revision LIMIT 1) AS head,
    (SELECT array_agg(line ORDER BY revision DESC) FROM lines WHERE process = p.id AND revision >= p.newest) AS tail
  FROM processes p WHERE p.pid = ANY($1::text[])`

export const readRows = (ask: Ask, pids: readonly string[]): Promise<Row[]> =>
  pids.length === 0 ? Promise.resolve([]) : ask<Row>(NEWEST, [pids])

const placeOf = ({ location }: Place, pid: string): string => `${location} (process ${pid})`

/** @throws ERR_STORE_CORRUPT, ERR_STORE_VERSION */
export function recordOf(place: Place, { pid, head, tail }: Row): ProcessRecord {
  return final(placeOf(place, pid), () => {
    if (head === null || tail === null) throw new Nonsense('lines of its journal are missing')
    return foldNewest(head, tail, pid, placeOf(place, pid))
  })
}

/** The record, unless its journal cannot be read. */
export function recordIfWhole(place: Place, row: Row): ProcessRecord | undefined {
  try {
    return recordOf(place, row)
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error
  }
}

export function withHost(record: ProcessRecord, host: Host | undefined): StoredProcess {
  return isFinal(record.status) || host === undefined ? { record } : { record, host }
}

/** Every record of a process, oldest first; `undefined` if there is no such process. */
export async function readEvery(ask: Ask, place: Place, pid: string): Promise<ProcessRecord[] | undefined> {
  const sql = 'SELECT line FROM lines WHERE process = (SELECT id FROM processes WHERE pid = $1) ORDER BY revision'
  const lines = await ask<{ line: string }>(sql, [pid])
  return everyRecordOf(
    lines.map(({ line }) => line),
    pid,
    placeOf(place, pid),
  )
}

/** The records after `before` up to a revision, oldest first. */
export async function readBetween(
  ask: Ask,
  place: Place,
  id: number,
  before: ProcessRecord,
  last: number,
): Promise<ProcessRecord[]> {
  const { pid, revision } = before
  const sql = 'SELECT line FROM lines WHERE process = $1 AND revision > $2 AND revision <= $3 ORDER BY revision'
  const lines = await ask<{ line: string }>(sql, [id, revision, last])
  let record = before
  return final(placeOf(place, pid), () => lines.map(({ line }) => (record = fold(record, parseLine(line, pid)))))
}
