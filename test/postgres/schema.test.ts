import test from 'ava'
import { Client } from 'pg'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import { aRecord } from '../../src/testing/conformance/samples.ts'
import { postgresUrl } from './postgres.ts'
import { makePostgresStore, schemaOf } from './store.ts'

const url = await postgresUrl()
const HUGE = 100_000

if (url === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else {
  test('hosts that open an empty store at once make it once', async t => {
    const tried = (await makePostgresStore())!
    const hosts = await Promise.all(Array.from({ length: 6 }, () => tried.open().openHost()))
    t.is(new Set(hosts.map(({ hostId }) => hostId)).size, 6)
    t.deepEqual(
      (await tried.store.hosts()).map(({ state }) => state),
      hosts.map(() => 'alive'),
    )
    await Promise.all(hosts.map(host => host.close()))
    await tried.cleanup()
  })

  test('a store of a newer version is refused by whoever opens or reads it, and stays as it is', async t => {
    const tried = (await makePostgresStore())!
    await (await tried.store.openHost()).close()
    const schema = schemaOf(tried.store)
    const client = new Client(url)
    await client.connect()
    await client.query(`UPDATE ${schema}.store_version SET version = 99`)
    const later = postgresStore(url, { schema })
    const refused = { code: 'ERR_STORE_VERSION', message: /has format 99/ }
    await t.throwsAsync(later.openHost(), refused)
    await t.throwsAsync(later.submit(aRecord()), refused)
    await t.throwsAsync(later.get(aRecord().pid), refused)
    t.is(
      (await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${schema}.processes`)).rows[0]?.n.toString(),
      '0',
    )
    await Promise.all([client.end(), later.close()])
    await tried.cleanup()
  })

  test('texts that PostgreSQL would refuse are kept as they are: NUL, lone surrogates, huge keys', async t => {
    const tried = (await makePostgresStore())!
    const host = await tried.store.openHost()
    for (const text of ['a\u0000b', '\ud800', '"\\', 'x'.repeat(HUGE)]) {
      const record = aRecord({ key: text, input: { text }, labels: { label: text } })
      t.true((await host.create(record)).created)
      await host.append('log', record.pid, [{ at: 1, step: 'read', attempt: 1, message: text }])
      t.deepEqual(await host.create(aRecord({ key: text })), { pid: record.pid, created: false })
      const found: string[] = []
      for await (const stored of tried.open().list({ labels: { label: text } })) found.push(stored.record.pid)
      t.deepEqual(found, [record.pid])
      t.like((await tried.open().get(record.pid))?.record, { key: text, input: { text } })
      for await (const { message } of tried.open().trail('log', record.pid)) t.is(message, text)
    }
    await host.close()
    await tried.cleanup()
  })
}
