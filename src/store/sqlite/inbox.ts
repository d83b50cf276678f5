import { parseCommand } from '../command.ts'
import type { Answer, Command, Refusal } from '../command.ts'
import { corrupt } from '../../journal/failures.ts'
import { notOwned } from '../failures.ts'
import { toFirstLine } from '../../journal/line.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { Database } from './database.ts'
import { SUBMITTED } from './hosts.ts'
import { holderOf, insertLine, insertProcess, moveLabels } from './journal.ts'
import { readIfWhole } from './records.ts'

/** What is written runs within a transaction of its caller's. */

/** What is left of an answered command, or of one for a process that has ended, is kept so long. */
const KEPT_MS = 60_000

export function submit(db: Database, record: ProcessRecord): { readonly pid: string; readonly created: boolean } {
  const { pid, key } = record
  const holder = key === undefined ? undefined : holderOf(db, key)
  if (holder !== undefined) return { pid: holder, created: false }
  const text = JSON.stringify(toFirstLine(record))
  insertLine(db, insertProcess(db, record, SUBMITTED, text.length), record.revision, text)
  return { pid, created: true }
}

/** The oldest submission after a pid that `accept` says yes to, now the host's. */
export function takeNext(
  db: Database,
  hostId: string,
  after: string,
  accept: (record: ProcessRecord) => boolean,
  skip: (pid: string) => boolean,
): ProcessRecord | undefined {
  const pids = db.all<{ pid: string }>('SELECT pid FROM processes WHERE owner = ? AND pid > ? ORDER BY pid', SUBMITTED, after)
  for (const { pid } of pids) {
    const record = skip(pid) ? undefined : readIfWhole(db, pid)
    if (record === undefined || !accept(record)) continue
    db.run('UPDATE processes SET owner = ? WHERE pid = ?', hostId, pid)
    return record
  }
  return undefined
}

/** @throws ERR_UNKNOWN_PROCESS */
export function complete(db: Database, hostId: string, record: ProcessRecord): void {
  const { pid, status, revision } = record
  const sql = 'SELECT id, status, labels FROM processes WHERE pid = ? AND owner = ?'
  const owned = db.get<{ id: number; status: string; labels: string | null }>(sql, pid, hostId)
  if (owned === undefined) throw notOwned(pid, hostId)
  const text = JSON.stringify(toFirstLine(record))
  db.run('UPDATE lines SET line = ? WHERE process = ? AND revision = ?', text, owned.id, revision)
  db.run('UPDATE processes SET status = ?, bytes = ? WHERE id = ?', status, text.length, owned.id)
  if (status !== owned.status && owned.labels !== null) moveLabels(db, pid, owned, status)
}

export const putCommand = (db: Database, command: Command): number =>
  db.run('INSERT INTO commands (pid, id, at, command) VALUES (?, ?, ?, ?)', command.pid, command.id, Date.now(), JSON.stringify(command))

export function answerOf(db: Database, pid: string, id: string): Answer {
  const row = db.get<{ command: string }>('SELECT command FROM commands WHERE pid = ? AND id = ?', pid, id)
  if (row === undefined) return 'taken'
  const found = parseCommand(row.command, pid, id)
  return 'refused' in found ? found : 'waiting'
}

export const forget = (db: Database, pid: string, id: string): number => db.run('DELETE FROM commands WHERE pid = ? AND id = ?', pid, id)

export function answer(db: Database, pid: string, id: string, refused: Refusal | undefined): void {
  if (refused === undefined) forget(db, pid, id)
  else db.run('UPDATE commands SET command = ?, at = ? WHERE pid = ? AND id = ?', JSON.stringify({ refused }), Date.now(), pid, id)
}

/** The commands for processes of a host, oldest first, and the rows that are none. */
export function commandsFor(db: Database, hostId: string): { commands: Command[]; garbage: { pid: string; id: string; error: Error }[] } {
  const rows = db.all<{ pid: string; id: string; command: string }>(
    `SELECT commands.pid, commands.id, command FROM commands JOIN processes ON processes.pid = commands.pid
     WHERE owner = ? ORDER BY commands.id`,
    hostId,
  )
  const commands: Command[] = []
  const garbage: { pid: string; id: string; error: Error }[] = []
  for (const { pid, id, command } of rows) {
    try {
      const found = parseCommand(command, pid, id)
      if (!('refused' in found)) commands.push(found)
    } catch (error) {
      garbage.push({ pid, id, error: corrupt(`${db.file} (command ${id} for process ${pid})`, error) })
    }
  }
  return { commands, garbage }
}

/** Removes answers nobody has read, and commands for processes that live no more. */
export const sweepCommands = (db: Database): number =>
  db.run(
    `DELETE FROM commands WHERE at < ? AND (json_extract(command, '$.refused') IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM processes WHERE processes.pid = commands.pid AND owner IS NOT NULL))`,
    Date.now() - KEPT_MS,
  )
