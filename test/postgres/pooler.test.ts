import test from 'ava'
import { Client } from 'pg'
import { placeAt } from '../../src/store/postgres/place.ts'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import { HostSession } from '../../src/store/postgres/session.ts'
import { aRecord, collect } from '../../src/testing/conformance/samples.ts'
import { postgresUrl } from './postgres.ts'
import { openProxy } from './proxy.ts'
import { makePostgresStore, schemaOf } from './store.ts'

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
    const events = { onNote() {}, onFollowers() {}, onSilence() {}, async onRenewal() {}, onRefusal() {} }
    const session = new HostSession(place, 'host', 7, events, backend)
    await t.throwsAsync(session.open(), { code: 'ERR_STORE_ACCESS', message: /transaction mode/ })
    await session.close()
    await client.end()
  })

  test('a host whose session is given away later on loses what it has, and is refused with the cause', async t => {
    const tried = (await makePostgresStore())!
    const proxy = await openProxy(url)
    const store = postgresStore(proxy.url, { schema: schemaOf(tried.store) })
    const host = await store.openHost()
    const record = aRecord()
    await host.create(record)
    const lost = new Promise<readonly string[]>(resolve => host.onLost(resolve))
    await proxy.giveSessionsAway()
    t.deepEqual(await lost, [record.pid])
    const refused = { code: 'ERR_STORE_ACCESS', message: /transaction mode/ }
    await t.throwsAsync(host.create(aRecord()), refused)
    await t.throwsAsync(collect(host.adopt(() => true)), refused)
    // Others see that it does not live any more.
    const heir = await tried.store.openHost()
    const adopted = await collect(heir.adopt(() => true))
    t.deepEqual(
      adopted.map(({ record: { pid } }) => pid),
      [record.pid],
    )
    await Promise.all([host.close(), heir.close()])
    await Promise.all([store.close(), proxy.close()])
    await tried.cleanup()
  })
}
