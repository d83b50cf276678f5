import test from 'ava'
import { Client } from 'pg'
import { placeAt } from '../../src/store/postgres/place.ts'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import { HostSession } from '../../src/store/postgres/session.ts'
import { postgresUrl } from './postgres.ts'

const url = await postgresUrl()

if (url === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else {
  test('a server that does not get the settings of a connection, as behind a pooler, is refused', async t => {
    // Options in the address replace those of the store.
    const store = postgresStore(`${url}?options=-c%20work_mem%3D4MB`, { schema: 'dropped' })
    const refused = { code: 'ERR_STORE_ACCESS', message: /ALTER ROLE/ }
    await t.throwsAsync(store.openHost(), refused)
    await t.throwsAsync(store.get('00000000000000000000'), refused)
    await store.close()
  })

  test('a host whose connections share a session, as behind a pooler in transaction mode, is refused', async t => {
    const place = placeAt(url, 'shared')
    const client = new Client(url)
    await client.connect()
    const sql = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = 7"
    const backend = async () => (await client.query<{ pid: number }>(sql, [place.locks])).rows[0]!.pid
    const events = { onNote() {}, onSilence() {}, async onRenewal() {} }
    const session = new HostSession(place, 7, events, backend)
    await t.throwsAsync(session.open(), { code: 'ERR_STORE_ACCESS', message: /transaction mode/ })
    await session.close()
    await client.end()
  })
}
