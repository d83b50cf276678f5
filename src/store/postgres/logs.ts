import { parseLogEntry } from '../../journal/line.ts'
import type { LogEntry } from '../../record/record.ts'
import { unknownProcess } from '../failures.ts'
import type { Ask, Connection } from './connection.ts'
import { Inbox } from './notifications.ts'
import type { Notifications } from './notifications.ts'

/** A log longer than this loses its older half. In characters of JSON. */
const MAX_LOG_CHARS = 1024 * 1024
/** A log that grows is cut at the latest after so many entries of a host. */
export const CUT_EVERY = 256

/** Cuts the logs of processes that have become too long, within a transaction. */
export async function cutLogs(ask: Ask, pids: readonly string[]): Promise<void> {
  const long = await ask<{ id: number }>(
    'SELECT id FROM processes WHERE pid = ANY($1::text[]) AND logged > $2 FOR UPDATE',
    [pids, MAX_LOG_CHARS],
  )
  for (const { id } of long) {
    await ask(
      `DELETE FROM logs WHERE process = $1 AND id IN
        (SELECT id FROM logs WHERE process = $1 ORDER BY id LIMIT (SELECT count(*) / 2 FROM logs WHERE process = $1))`,
      [id],
    )
    await ask(
      'UPDATE processes SET logged = (SELECT coalesce(sum(length(entry)), 0) FROM logs WHERE process = $1) WHERE id = $1',
      [id],
    )
  }
}

/** Every entry, then, with `follow`, those that come until the process has ended. */
export async function* readLogs(
  { ask, place }: Connection,
  notifications: Notifications,
  pid: string,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const inbox = new Inbox(pid)
  if (follow) await inbox.open(notifications)
  try {
    for (let last = 0; ;) {
      // Asked before the log is read: of a process that has ended, that is then all there is.
      const [found] = await ask<{ id: number; ended_at: number | null }>(
        'SELECT id, ended_at FROM processes WHERE pid = $1',
        [pid],
      )
      if (found === undefined) throw unknownProcess(pid, place.location)
      const sql = 'SELECT id, entry FROM logs WHERE process = $1 AND id > $2 ORDER BY id'
      for (const { id, entry } of await ask<{ id: number; entry: string }>(sql, [found.id, last])) {
        last = id
        const parsed = parseLogEntry(entry)
        if (parsed !== undefined) yield parsed
      }
      if (!follow || found.ended_at !== null || signal.aborted) return
      await inbox.next(signal)
    }
  } finally {
    inbox.close()
  }
}
