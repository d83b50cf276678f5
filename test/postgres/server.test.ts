import test from 'ava'
import { Client } from 'pg'
import { postgresUrl } from './postgres.ts'

test('one server of npm serves all test files of a run', async t => {
  const url = await postgresUrl()
  if (url === undefined) return t.pass('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out')
  t.is(await postgresUrl(), url)
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version")
  t.true(Number(rows[0]?.version) >= 140_000)
  await client.end()
})
