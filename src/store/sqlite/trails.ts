import { parseEntry } from '../../journal/line.ts'
import type { Trails } from '../../record/record.ts'
import { unknownProcess } from '../failures.ts'
import { MAX_TRAIL } from '../limits.ts'
import type { Database } from './database.ts'
import type { CommitWatcher } from './commit-watcher.ts'
import { notOurs } from './journal.ts'

/** The table with the entries, and the column of a process that says how long they are. */
const TABLES = { log: { table: 'logs', size: 'logged' }, stream: { table: 'streams', size: 'streamed' } } as const

/** Runs within a transaction. @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS */
export function appendTrail(
  db: Database,
  hostId: string,
  trail: keyof Trails,
  pid: string,
  entries: readonly string[],
): void {
  const { table, size } = TABLES[trail]
  const sql = `SELECT id, ${size} AS size FROM processes WHERE pid = ? AND (owner = ? OR ended_at IS NOT NULL)`
  const owned = db.get<{ id: number; size: number }>(sql, pid, hostId)
  if (owned === undefined) throw notOurs(db, pid, hostId)
  const { id } = owned
  insertEntries(db, trail, id, entries)
  let length = entries.reduce((sum, entry) => sum + entry.length, owned.size)
  if (length > MAX_TRAIL[trail]) {
    db.run(
      `DELETE FROM ${table} WHERE process = ?1 AND id IN
        (SELECT id FROM ${table} WHERE process = ?1 ORDER BY id LIMIT (SELECT count(*) / 2 FROM ${table} WHERE process = ?1))`,
      id,
    )
    length = db.get<{ length: number }>(
      `SELECT total(length(entry)) AS length FROM ${table} WHERE process = ?`,
      id,
    )!.length
  }
  db.run(`UPDATE processes SET ${size} = ? WHERE id = ?`, length, id)
}

export function insertEntries(db: Database, trail: keyof Trails, process: number, entries: readonly string[]): void {
  const sql = `INSERT INTO ${TABLES[trail].table} (process, entry) VALUES (?, ?)`
  for (const entry of entries) db.run(sql, process, entry)
}

/** Yields every entry and, with `follow`, later ones until the process has ended. */
export async function* readTrail<T extends keyof Trails>(
  db: Database,
  watcher: CommitWatcher,
  trail: T,
  pid: string,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<Trails[T]> {
  let last = 0
  for (;;) {
    const { seen, found, entries } = await db.read(() => readMore(db, watcher, trail, pid, last))
    if (found === undefined) throw unknownProcess(pid, db.file)
    for (const { id, entry } of entries) {
      last = id
      const parsed = parseEntry(trail, entry)
      if (parsed !== undefined) yield parsed
    }
    if (!follow || found.ended_at !== null || signal.aborted) return
    await watcher.changed(seen, signal)
  }
}

function readMore(db: Database, watcher: CommitWatcher, trail: keyof Trails, pid: string, last: number) {
  const seen = watcher.now()
  // This is read before the entries. If the process has ended by then, they are complete.
  const found = db.get<{ id: number; ended_at: number | null }>('SELECT id, ended_at FROM processes WHERE pid = ?', pid)
  const sql = `SELECT id, entry FROM ${TABLES[trail].table} WHERE process = ? AND id > ? ORDER BY id`
  return { seen, found, entries: found === undefined ? [] : db.all<{ id: number; entry: string }>(sql, found.id, last) }
}
