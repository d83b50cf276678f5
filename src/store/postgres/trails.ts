import { parseEntry } from '../../journal/line.ts'
import type { Trails } from '../../record/record.ts'
import { unknownProcess } from '../failures.ts'
import { MAX_TRAIL } from '../limits.ts'
import type { Ask, Connection } from './connection.ts'
import { Inbox } from './notifications.ts'
import type { Notifications } from './notifications.ts'

/** Logs that grow are cut at the latest after so many characters of a host; streams too. */
export const CUT_EVERY = 1024 * 1024

/** The table with the entries, and the column of a process that says how long they are. */
export const TABLES = {
  log: { table: 'logs', size: 'logged' },
  stream: { table: 'streams', size: 'streamed' },
} as const

/**
 * Cuts the logs, or the streams, of processes that have become too long, within a transaction.
 */
export async function cutTrails(ask: Ask, trail: keyof Trails, pids: readonly string[]): Promise<void> {
  const { table, size } = TABLES[trail]
  const long = await ask<{ id: number }>(
    `SELECT id FROM processes WHERE pid = ANY($1::text[]) AND ${size} > $2 FOR UPDATE`,
    [pids, MAX_TRAIL[trail]],
  )
  for (const { id } of long) {
    await ask(
      `DELETE FROM ${table} WHERE process = $1 AND id IN
        (SELECT id FROM ${table} WHERE process = $1 ORDER BY id LIMIT (SELECT count(*) / 2 FROM ${table} WHERE process = $1))`,
      [id],
    )
    await ask(
      `UPDATE processes SET ${size} = (SELECT coalesce(sum(length(entry)), 0) FROM ${table} WHERE process = $1) WHERE id = $1`,
      [id],
    )
  }
}

/** Every entry, then, with `follow`, those that come until the process has ended. */
export async function* readTrail<T extends keyof Trails>(
  { ask, place }: Connection,
  notifications: Notifications,
  trail: T,
  pid: string,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<Trails[T]> {
  const inbox = new Inbox(pid)
  if (follow) await inbox.open(notifications)
  try {
    for (let last = 0; ;) {
      // Asked before the entries are read: of a process that has ended, that is then all there is.
      const [found] = await ask<{ id: number; ended_at: number | null }>(
        'SELECT id, ended_at FROM processes WHERE pid = $1',
        [pid],
      )
      if (found === undefined) throw unknownProcess(pid, place.location)
      const sql = `SELECT id, entry FROM ${TABLES[trail].table} WHERE process = $1 AND id > $2 ORDER BY id`
      for (const { id, entry } of await ask<{ id: number; entry: string }>(sql, [found.id, last])) {
        last = id
        const parsed = parseEntry(trail, entry)
        if (parsed !== undefined) yield parsed
      }
      if (!follow || found.ended_at !== null || signal.aborted) return
      await inbox.next(signal)
    }
  } finally {
    inbox.close()
  }
}
