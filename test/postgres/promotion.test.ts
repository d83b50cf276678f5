import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Client } from 'pg'
import { createRuntime, defineProcess, openClient } from '../../src/index.ts'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import { until } from '../crash/world.ts'
import { openProxy } from './proxy.ts'
import { installedPostgres, startPostgres, USER, type PostgresServer } from './server.ts'

const GRACE_S = 6
const settings = { fsync: 'off', 'stepwright.grace': `${GRACE_S} s` }

async function ask<Row extends object>(
  { url }: PostgresServer,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row | undefined> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(sql, [...values])).rows[0]
  } finally {
    await client.end()
  }
}

/** A server, and a standby that follows it. */
async function startPair(): Promise<[PostgresServer, PostgresServer]> {
  const first = await startPostgres({ settings })
  // What is copied of a server that is down is whole.
  await first.stop()
  const dir = fs.mkdtempSync(join(os.tmpdir(), 'stepwright-standby-'))
  const data = join(dir, 'data')
  fs.cpSync(join(first.dir, 'data'), data, { recursive: true })
  fs.writeFileSync(join(data, 'standby.signal'), '')
  const { uid, gid } = fs.statSync(join(first.dir, 'data'))
  for (const name of ['', ...(fs.readdirSync(data, { recursive: true }) as string[])])
    fs.chownSync(join(data, name), uid, gid)
  fs.chmodSync(data, 0o700)
  const primary = await startPostgres({ dir: first.dir, port: first.port, settings })
  const from = `host=127.0.0.1 port=${primary.port} user=${USER}`
  return [primary, await startPostgres({ dir, settings: { ...settings, primary_conninfo: from } })]
}

if (installedPostgres() === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  test('after the promotion of a standby nobody is robbed who comes back within the grace', async t => {
    const [primary, standby] = await startPair()
    const [slowWay, fastWay] = await Promise.all([openProxy(primary.url), openProxy(primary.url)])
    const events: string[] = []
    const finish = Promise.withResolvers<void>()
    const long = (who: string) =>
      defineProcess({ name: 'long' }).step('work', async () => {
        events.push(who)
        await finish.promise
        return who
      })
    const [slowLong, fastLong] = [long('slow'), long('fast')]
    const slow = await createRuntime({ processes: [slowLong], store: postgresStore(slowWay.url), retention: false })
    const fast = await createRuntime({ processes: [fastLong], store: postgresStore(fastWay.url), retention: false })
    const job = await slow.start(slowLong)
    await until('its step begins', async () => events.length > 0)
    const { lsn } = (await ask<{ lsn: string }>(primary, 'SELECT pg_current_wal_lsn() AS lsn'))!
    await until(
      'the standby has all, and has been up for longer than the grace',
      async () =>
        (
          await ask<{ ready: boolean }>(
            standby,
            `SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AND pg_postmaster_start_time() < clock_timestamp() - interval '${GRACE_S} s' AS ready`,
            [lsn],
          )
        )?.ready,
    )

    await primary.stop('SIGKILL')
    await ask(standby, 'SELECT pg_promote()')
    fastWay.turnTo(standby.port)
    const reader = openClient(postgresStore(standby.url))
    const owner = (await reader.get(job.pid))?.host?.id
    await until('the other host is back and sees this one without its lock', async () => {
      const hosts = await reader.hosts()
      return hosts.some(({ id, state }) => id !== owner && state === 'alive')
    })
    t.is((await reader.get(job.pid))?.host?.state, 'unknown')
    slowWay.turnTo(standby.port)
    await until('it is back too', async () => (await reader.get(job.pid))?.host?.state === 'alive')
    finish.resolve()
    t.is(await job.result(), 'slow')
    t.false(events.includes('fast'))
    await Promise.all([slow.close(), fast.close(), reader.close()])
    await Promise.all([slowWay.close(), fastWay.close()])
    await standby.stop()
    for (const { dir } of [primary, standby]) fs.rmSync(dir, { recursive: true, force: true })
  })
