import { setTimeout } from 'node:timers/promises'
import { isPid } from '../../record/pid.ts'
import type { Database } from './database.ts'
import type { Reader } from './reader.ts'

interface Known {
  readonly id: number
  readonly pid: string
  readonly mark: string
}

/**
 * The mark of a live process changes with its revision, its length (a first record may be replaced)
 * and its owner. An ended process does not change any more.
 */
const LIVE = `SELECT id, pid, revision || ' ' || bytes || ' ' || owner AS mark FROM processes WHERE owner IS NOT NULL`
const ALL = `SELECT id, pid, coalesce(revision || ' ' || bytes || ' ' || owner, '') AS mark FROM processes`

/**
 * The feed waits this many times as long as its reader spent on the last batch, so that busy stores
 * are shown in larger steps.
 */
const READER_SHARE = 4
const MAX_PAUSE_MS = 1000

/**
 * See `Store.changes`. Yields after each commit that changed something, and never reads a journal.
 */
export async function* changes({ db, watcher }: Reader, signal: AbortSignal): AsyncGenerator<string[]> {
  let known = new Map<string, Known>()
  let newestId = 0
  for (let first = true; !signal.aborted; first = false) {
    const { seen, changed, now, newest } = await db.read(() => ({ seen: watcher.now(), ...look(db, known, newestId) }))
    known = now
    newestId = newest
    const told = performance.now()
    if (first || changed.size > 0) yield [...changed].filter(isPid).toSorted().toReversed()
    const pauseMs = first ? 0 : Math.min((performance.now() - told) * READER_SHARE, MAX_PAUSE_MS)
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {})
    await watcher.changed(seen, signal)
  }
}

function look(db: Database, known: Map<string, Known>, newestId: number) {
  const changed = new Set<string>()
  const live = new Set<string>()
  const note = (row: Known): void => {
    if (known.get(row.pid)?.mark !== row.mark) changed.add(row.pid)
    known.set(row.pid, row)
  }
  for (const row of db.all<Known>(LIVE)) {
    live.add(row.pid)
    note(row)
  }
  // Processes that were created and ended since, and those that ended.
  const others = db.all<Known>(`${ALL} WHERE id > ? AND owner IS NULL`, newestId)
  for (const row of others) note(row)
  for (const { pid, id, mark } of known.values()) if (mark !== '' && !live.has(pid)) note({ id, pid, mark: '' })
  const newest = db.get<{ id: number | null }>('SELECT max(id) AS id FROM processes')?.id ?? 0
  const { count } = db.get<{ count: number }>('SELECT count(*) AS count FROM processes')!
  return count === known.size ? { changed, now: known, newest } : afresh(db, known, changed)
}

/** Compares all rows, because some are gone. */
function afresh(db: Database, known: ReadonlyMap<string, Known>, changed: Set<string>) {
  const rows = db.all<Known>(ALL)
  const now = new Map(rows.map(row => [row.pid, row]))
  for (const pid of known.keys()) if (!now.has(pid)) changed.add(pid)
  for (const { pid, mark } of rows) if (known.get(pid)?.mark !== mark) changed.add(pid)
  return { changed, now, newest: rows.reduce((most, { id }) => Math.max(most, id), 0) }
}
