import { roomOfRate, type LimitRecord, type Room } from '../../record/limit.ts'
import type { Database } from './database.ts'
import { notOurs } from './journal.ts'

/** The functions that write run within a transaction of their caller. */

export function roomIn(db: Database, limit: LimitRecord, now: number): Room {
  const { id, places, perMs } = limit
  if (perMs === undefined) {
    const { taken } = db.get<{ taken: number }>('SELECT count(*) AS taken FROM places WHERE id = ?', id)!
    return { free: Math.max(0, places - taken) }
  }
  const taken = db.all<{ at: number }>('SELECT at FROM places WHERE id = ? AND at > ?', id, now - perMs)
  return roomOfRate(
    limit,
    taken.map(({ at }) => at),
    now,
  )
}

/** @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS */
export function claim(
  db: Database,
  hostId: string,
  pid: string,
  epoch: number,
  limits: readonly LimitRecord[],
  now: number,
): boolean {
  mustOwn(db, hostId, pid, epoch)
  const has = ({ id, perMs }: LimitRecord): boolean =>
    perMs === undefined && db.get('SELECT 1 FROM places WHERE id = ? AND pid = ?', id, pid) !== undefined
  const missing = limits.filter(limit => !has(limit))
  if (missing.some(limit => roomIn(db, limit, now).free < 1)) return false
  for (const { id, perMs } of missing) {
    if (perMs !== undefined) db.run('DELETE FROM places WHERE id = ? AND at <= ?', id, now - perMs)
    db.run('INSERT INTO places (id, pid, at, kept) VALUES (?, ?, ?, ?)', id, pid, now, perMs === undefined ? 0 : 1)
  }
  db.run('UPDATE processes SET places = 1 WHERE pid = ? AND places = 0', pid)
  return true
}

/**
 * Of limits of a rate, places stay taken.
 *
 * @throws ERR_PROCESS_TAKEN, ERR_UNKNOWN_PROCESS
 */
export function vacate(db: Database, hostId: string, pid: string, epoch: number, limits: readonly LimitRecord[]): void {
  mustOwn(db, hostId, pid, epoch)
  for (const { id } of limits) db.run('DELETE FROM places WHERE id = ? AND pid = ? AND kept = 0', id, pid)
}

function mustOwn(db: Database, hostId: string, pid: string, epoch: number): void {
  const sql = 'SELECT 1 FROM processes WHERE pid = ? AND owner = ? AND epoch = ?'
  if (db.get(sql, pid, hostId, epoch) === undefined) throw notOurs(db, pid, hostId)
}
