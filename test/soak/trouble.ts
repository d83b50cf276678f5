import { Client } from 'pg'
import { startPostgres, type PostgresServer } from '../postgres/server.ts'
import type { Trouble } from './soak.ts'

/** A PostgreSQL server of a soak, and what goes wrong with it. */
export interface TroubledServer extends Trouble {
  readonly url: string
  readonly counts: { serverKills: number; terminatedSessions: number; cutOff: number }
  /** Terminates some sessions at random; now and then the server is killed and started again. */
  occur(): Promise<void>
  stop(): Promise<void>
}

/** Sessions that one call terminates at most. */
const SESSIONS = 3
const SOME_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'stepwright' ORDER BY random() LIMIT ${SESSIONS}`
/** The one that shows that the host in a process of the system is alive. */
const SESSION_OF_HOST = `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN stepwright.hosts h ON l.objid::int = h.number
  JOIN stepwright.documents d ON d.collection = 'hosts' AND d.name = h.id
  WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND (d.document::json ->> 'osPid')::int = $1`

export async function startTroubledServer({ killEveryMs }: { killEveryMs: number }): Promise<TroubledServer> {
  const settings = { 'stepwright.grace': '3 s' }
  let server: PostgresServer = await startPostgres({ settings })
  const { url, port, dir } = server
  const counts = { serverKills: 0, terminatedSessions: 0, cutOff: 0 }
  let killAt = Date.now() + killEveryMs

  /** @returns how many sessions were terminated: none while the server is away */
  async function terminate(sql: string, values: readonly unknown[] = []): Promise<number> {
    const client = new Client(url)
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(sql, [...values])).rows.length
    } catch {
      return 0
    } finally {
      await client.end().catch(() => {})
    }
  }
  return {
    url,
    counts,
    async cutOff(osPid) {
      counts.cutOff += Math.min(1, await terminate(SESSION_OF_HOST, [osPid]))
    },
    async occur() {
      counts.terminatedSessions += await terminate(SOME_SESSIONS)
      if (Date.now() < killAt) return
      counts.serverKills += 1
      await server.stop('SIGKILL')
      for (;;)
        try {
          server = await startPostgres({ dir, port, settings })
          break
        } catch {
          // The children of the one that was killed have not all gone.
          await new Promise(resolve => setTimeout(resolve, 100))
        }
      killAt = Date.now() + killEveryMs
    },
    stop: () => server.stop(),
  }
}
