import { roomOfRate, type LimitRecord, type Room } from '../../record/limit.ts'
import type { Ask, Connection } from './connection.ts'
import { notOurs } from './hosts.ts'

interface Place {
  readonly id: string
  readonly pid: string
  readonly at: string
}

/** How much room each limit has. */
export async function roomsOf(ask: Ask, limits: readonly LimitRecord[], now: number): Promise<Room[]> {
  const taken = await ask<Place>('SELECT id, pid, at FROM places WHERE id = ANY($1::text[])', [
    limits.map(({ id }) => id),
  ])
  const byId = Map.groupBy(taken, ({ id }) => id)
  return limits.map(limit => {
    const places = byId.get(limit.id) ?? []
    if (limit.perMs === undefined) return { free: Math.max(0, limit.places - places.length) }
    return roomOfRate(
      limit,
      places.map(({ at }) => Number(at)),
      now,
    )
  })
}

/**
 * Claims of one limit wait for each other: the row that stands for it is locked. Rows are locked in
 * one order, so that none waits for another that waits for it.
 */
export const claim = (
  connection: Connection,
  hostId: string,
  pid: string,
  epoch: number,
  limits: readonly LimitRecord[],
  now: number,
): Promise<boolean> =>
  connection.transaction(async ask => {
    await mustOwn(ask, hostId, pid, epoch)
    const ids = limits.map(({ id }) => id).toSorted()
    await ask('INSERT INTO limits SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING', [ids])
    await ask('SELECT 1 FROM limits WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE', [ids])
    const held = await ask<{ id: string }>(
      'SELECT id FROM places WHERE pid = $1 AND id = ANY($2::text[]) AND NOT kept',
      [pid, ids],
    )
    const missing = limits.filter(({ id }) => !held.some(place => place.id === id))
    const rooms = await roomsOf(ask, missing, now)
    if (rooms.some(({ free }) => free < 1)) return false
    for (const { id, perMs } of missing) {
      if (perMs !== undefined) await ask('DELETE FROM places WHERE id = $1 AND at <= $2', [id, now - perMs])
      await ask('INSERT INTO places (id, pid, at, kept) VALUES ($1, $2, $3, $4)', [id, pid, now, perMs !== undefined])
    }
    return true
  })

/** Of limits of a rate, places stay taken. */
export const vacate = (
  connection: Connection,
  hostId: string,
  pid: string,
  epoch: number,
  limits: readonly LimitRecord[],
): Promise<void> =>
  connection.transaction(async ask => {
    await mustOwn(ask, hostId, pid, epoch)
    await ask('DELETE FROM places WHERE pid = $1 AND id = ANY($2::text[]) AND NOT kept', [
      pid,
      limits.map(({ id }) => id),
    ])
  })

async function mustOwn(ask: Ask, hostId: string, pid: string, epoch: number): Promise<void> {
  const [row] = await ask<{ owner: string | null; epoch: number }>(
    'SELECT owner, epoch FROM processes WHERE pid = $1 FOR SHARE',
    [pid],
  )
  if (row?.owner !== hostId || row.epoch !== epoch) throw notOurs(pid, hostId, row)
}
