import { Client } from 'pg'
import { startPostgres, type PostgresServer } from '../postgres/server.ts'

/** A PostgreSQL server of a soak, and what goes wrong with it. */
export interface TroubledServer {
  readonly url: string
  readonly counts: { serverKills: number; terminatedSessions: number }
  /** Terminates some sessions at random; now and then the server is killed and started again. */
  trouble(): Promise<void>
  stop(): Promise<void>
}

/** Sessions that one call terminates at most. */
const SESSIONS = 3

export async function startTroubledServer({ killEveryMs }: { killEveryMs: number }): Promise<TroubledServer> {
  const settings = { 'stepwright.grace': '3 s' }
  let server: PostgresServer = await startPostgres({ settings })
  const { url, port, dir } = server
  const counts = { serverKills: 0, terminatedSessions: 0 }
  let killAt = Date.now() + killEveryMs

  async function terminate(): Promise<void> {
    const client = new Client(url)
    client.on('error', () => {})
    await client.connect()
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stepwright' ORDER BY random() LIMIT ${SESSIONS}`
    counts.terminatedSessions += (await client.query(sql)).rows.length
    await client.end()
  }
  return {
    url,
    counts,
    async trouble() {
      await terminate()
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
