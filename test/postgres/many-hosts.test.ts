import test from 'ava'
import { Client } from 'pg'
import { AbandonedOwners } from '../../src/store/postgres/adopt.ts'
import { Connection } from '../../src/store/postgres/connection.ts'
import type { Ask } from '../../src/store/postgres/connection.ts'
import { channelOf, placeAt } from '../../src/store/postgres/place.ts'
import { aRecord, aTransition, collect } from '../../src/testing/conformance/samples.ts'
import { postgresUrl } from './postgres.ts'
import { makePostgresStore, schemaOf } from './store.ts'

const url = await postgresUrl()

test('of many hosts a few look for dead ones in each round, however many there are', async t => {
  const hosts = Array.from({ length: 200 }, (_, index) => ({ id: `h${index}` }))
  let looks = 0
  class Faked extends Connection {
    override readonly ask: Ask = async sql => {
      if (!sql.startsWith('SELECT id FROM hosts')) return [] as never
      looks += 1
      return hosts as never
    }
  }
  const place = placeAt('postgres://nowhere/none')
  const owners = new AbandonedOwners(new Faked(place), 'h0')
  // The first round looks: it does not know yet how many there are.
  await owners.find()
  looks = 0
  const rounds = 500
  for (let round = 0; round < rounds; round++) await owners.find()
  // 8 hosts of 200 in a round: this one in 20 of 500, give or take.
  t.true(looks > 3 && looks < 60, `${looks} looks`)
})

if (url === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  test('a host hears what concerns it, and not what others write', async t => {
    const { store, cleanup } = (await makePostgresStore())!
    const [host, other] = [await store.openHost(), await store.openHost()]
    const client = new Client(url)
    await client.connect()
    const place = placeAt(url, schemaOf(store))
    const heard: string[] = []
    client.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`))
    await client.query(`LISTEN ${channelOf(place, host.hostId)}; LISTEN ${place.channel}`)
    await other.create(aRecord())
    await store.wake(other.hostId)
    await store.wake(host.hostId)
    const submitted = aRecord()
    await store.submit(submitted)
    // Answers come after what was notified before they were asked for.
    await client.query('SELECT 1')
    const toHost = `${channelOf(place, host.hostId)} wake`
    t.deepEqual(heard, [toHost, `${place.channel} ${submitted.pid}`, toHost])
    t.is((await collect(host.take(() => true))).length, 1)
    await client.end()
    await Promise.all([host.close(), other.close()])
    await cleanup()
  })

if (url !== undefined)
  test('hosts notify what they write only while somebody follows, who misses nothing', async t => {
    const { store, open, cleanup } = (await makePostgresStore())!
    const place = placeAt(url, schemaOf(store))
    const host = await store.openHost()
    const ear = new Client(url)
    await ear.connect()
    let notes = 0
    ear.on('notification', () => (notes += 1))
    await ear.query(`LISTEN ${place.channel}`)
    const record = aRecord()
    await host.create(record)
    await host.write(aTransition(record, 2))
    await ear.query('SELECT 1')
    t.is(notes, 0)

    const follower = open()
    const seen: number[] = []
    let revision = 2
    for await (const found of follower.follow(record.pid)) {
      seen.push(found.record.revision)
      if (revision === 6) break
      // At once: the host may not have heard yet that it is followed.
      await host.write(aTransition(record, ++revision))
    }
    t.deepEqual(seen, [2, 3, 4, 5, 6])
    const ending = new AbortController()
    const all: string[][] = []
    const other = aRecord()
    for await (const pids of open().changes(ending.signal)) {
      all.push([...pids])
      if (all.length === 1) await host.create(other)
      if (pids.includes(other.pid)) break
    }
    t.true(notes > 0)
    await ear.end()
    await host.close()
    await cleanup()
  })
