import { unknownProcess } from '../failures.ts'
import { parseLogEntry } from '../../journal/line.ts'
import type { LogEntry } from '../../record/record.ts'
import type { Database } from './database.ts'
import type { CommitWatcher } from './commit-watcher.ts'
import { notOurs } from './journal.ts'

/** A log longer than this loses its older half. In characters of JSON. */
const MAX_LOG_CHARS = 1024 * 1024

/** Runs within a transaction. @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS */
export function appendLog(db: Database, hostId: string, pid: string, entry: string): void {
  const sql = 'SELECT id, logged FROM processes WHERE pid = ? AND (owner = ? OR ended_at IS NOT NULL)'
  const owned = db.get<{ id: number; logged: number }>(sql, pid, hostId)
  if (owned === undefined) throw notOurs(db, pid, hostId)
  const { id } = owned
  insertLogs(db, id, [entry])
  let logged = owned.logged + entry.length
  if (logged > MAX_LOG_CHARS) {
    db.run(
      `DELETE FROM logs WHERE process = ?1 AND id IN
        (SELECT id FROM logs WHERE process = ?1 ORDER BY id LIMIT (SELECT count(*) / 2 FROM logs WHERE process = ?1))`,
      id,
    )
    logged = db.get<{ length: number }>('SELECT total(length(entry)) AS length FROM logs WHERE process = ?', id)!.length
  }
  db.run('UPDATE processes SET logged = ? WHERE id = ?', logged, id)
}

export function insertLogs(db: Database, process: number, entries: readonly string[]): void {
  for (const entry of entries) db.run('INSERT INTO logs (process, entry) VALUES (?, ?)', process, entry)
}

/** Yields every entry and, with `follow`, later ones until the process has ended. */
export async function* readLogs(
  db: Database,
  watcher: CommitWatcher,
  pid: string,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  let last = 0
  for (;;) {
    const { seen, found, entries } = await db.read(() => readMore(db, watcher, pid, last))
    if (found === undefined) throw unknownProcess(pid, db.file)
    for (const { id, entry } of entries) {
      last = id
      const parsed = parseLogEntry(entry)
      if (parsed !== undefined) yield parsed
    }
    if (!follow || found.ended_at !== null || signal.aborted) return
    await watcher.changed(seen, signal)
  }
}

function readMore(db: Database, watcher: CommitWatcher, pid: string, last: number) {
  const seen = watcher.now()
  // This is read before the log. If the process has ended by then, the log is complete.
  const found = db.get<{ id: number; ended_at: number | null }>('SELECT id, ended_at FROM processes WHERE pid = ?', pid)
  const sql = 'SELECT id, entry FROM logs WHERE process = ? AND id > ? ORDER BY id'
  return { seen, found, entries: found === undefined ? [] : db.all<{ id: number; entry: string }>(sql, found.id, last) }
}
