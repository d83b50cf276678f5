import type { HostState } from '../../record/host.ts'
import type { Ask } from './connection.ts'
import type { Place } from './place.ts'

/**
 * After a start, a crash or a promotion of the server nobody is judged for so long: hosts that live
 * take their locks again. By the server's own clock; a server may be configured to wait for another
 * time (`stepwright.grace = '30 s'`).
 */
const GRACE = "coalesce(nullif(current_setting('stepwright.grace', true), ''), '10 s')::interval"

/**
 * A host is alive as long as a session of its own holds its lock, which the server lets go with the
 * connection: no clock of any host counts. One that is blocked or stopped keeps it.
 */
export const holdsLock = ({ locks }: Place, number: string): string => `EXISTS (
  SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ${locks} AND l.objsubid = 2 AND l.objid::int = ${number}
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`

/** Which server this is: another one after a promotion, though it may have run for long. */
const TIMELINE =
  "(SELECT system_identifier::text FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"

/**
 * Whether this server has been up for so long that a host without a lock is dead. Statistics are
 * discarded when the server has crashed, also where it keeps its start time.
 */
export async function mayJudge(ask: Ask): Promise<boolean> {
  await ask(`INSERT INTO servers (timeline, seen_at) VALUES (${TIMELINE}, clock_timestamp()) ON CONFLICT DO NOTHING`)
  const [row] = await ask<{ settled: boolean }>(
    `SELECT greatest(pg_postmaster_start_time(), (SELECT stats_reset FROM pg_stat_bgwriter), (SELECT seen_at FROM servers WHERE timeline = ${TIMELINE}
       AND EXISTS (SELECT 1 FROM servers AS before WHERE before.timeline <> servers.timeline)))
       < clock_timestamp() - ${GRACE} AS settled`,
  )
  return row?.settled ?? false
}

/**
 * The state of each host that has a number, by its id. Within the grace after a start of the server
 * a host without a lock is `unknown`.
 */
export async function hostStates(ask: Ask, place: Place): Promise<Map<string, HostState>> {
  const rows = await ask<{ id: string; alive: boolean }>(
    `SELECT id, ${holdsLock(place, 'hosts.number')} AS alive FROM hosts`,
  )
  if (rows.every(({ alive }) => alive)) return new Map(rows.map(({ id }) => [id, 'alive']))
  const otherwise = (await mayJudge(ask)) ? 'dead' : 'unknown'
  return new Map(rows.map(({ id, alive }) => [id, alive ? 'alive' : otherwise]))
}
