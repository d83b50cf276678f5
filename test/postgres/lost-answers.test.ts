import assert from 'node:assert/strict'
import test from 'ava'
import type { ProcessRecord } from '../../src/record/record.ts'
import type { HostStore } from '../../src/store/store.ts'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import { aRecord, aTransition, collect, theEnd } from '../../src/testing/conformance/samples.ts'
import { postgresUrl } from './postgres.ts'
import { openProxy, type Proxy } from './proxy.ts'
import { makePostgresStore, schemaOf } from './store.ts'

const url = await postgresUrl()
const yes = (): boolean => true

/** A host whose network can be cut, and what others see. */
async function world() {
  const tried = (await makePostgresStore())!
  const proxy = await openProxy(url!)
  const schema = schemaOf(tried.store)
  const cutOff = postgresStore(proxy.url, { schema })
  const host = await cutOff.openHost()
  return {
    ...tried,
    host,
    cutOff,
    proxy,
    async end() {
      await host.close()
      await cutOff.close()
      await proxy.close()
      await tried.cleanup()
    },
  }
}
type World = Awaited<ReturnType<typeof world>>

/**
 * The answer to what `act` commits is lost: whoever asked is told what has happened all the same.
 */
async function losingTheAnswer<T>(proxy: Proxy, act: () => Promise<T>): Promise<T> {
  const [result] = await Promise.all([act(), proxy.cutAfterCommit()])
  return result
}

async function created(host: HostStore, changes: Partial<ProcessRecord> = {}): Promise<ProcessRecord> {
  const record = aRecord(changes)
  assert.deepEqual(await host.create(record), { pid: record.pid, created: true })
  return record
}

const CASES: Record<string, (world: World) => Promise<void>> = {
  async create({ host, proxy, store }) {
    const record = aRecord()
    assert.deepEqual(await losingTheAnswer(proxy, () => host.create(record)), { pid: record.pid, created: true })
    assert.equal((await store.history(record.pid))?.length, 1)
  },
  async 'create with a key'({ host, proxy, store }) {
    const record = aRecord({ key: 'k' })
    assert.deepEqual(await losingTheAnswer(proxy, () => host.create(record)), { pid: record.pid, created: true })
    assert.deepEqual(await host.create(aRecord({ key: 'k' })), { pid: record.pid, created: false })
    assert.equal((await collect(store.list())).length, 1)
  },
  async 'a line'({ host, proxy, store }) {
    const record = await created(host)
    await losingTheAnswer(proxy, async () => host.write(aTransition(record, 2)))
    await host.write(aTransition(record, 3))
    assert.deepEqual(
      (await store.history(record.pid))?.map(({ revision }) => revision),
      [1, 2, 3],
    )
  },
  async 'the final line'({ host, proxy, store }) {
    const record = await created(host)
    await losingTheAnswer(proxy, async () => host.write(theEnd(record, 2)))
    assert.equal((await store.get(record.pid))?.record.status, 'finished')
  },
  async 'a log entry'({ host, proxy, store }) {
    const record = await created(host)
    await losingTheAnswer(proxy, () =>
      host.append('log', record.pid, [{ at: 1, step: 'read', attempt: 1, message: 'hello' }]),
    )
    const messages = (await collect(store.trail('log', record.pid))).map(({ message }) => message)
    // It is told at least once.
    assert.ok(messages.length >= 1 && messages.every(message => message === 'hello'))
  },
  async release({ host, proxy, store }) {
    const record = await created(host)
    await losingTheAnswer(proxy, () => host.release(record.pid))
    assert.equal((await store.get(record.pid))?.host, undefined)
  },
  async adopt({ host, proxy, open, crash }) {
    const dead = await open().openHost()
    const record = await created(dead)
    await crash(dead)
    const found: string[] = []
    // What was taken without our knowing is found at the next look, in an epoch above.
    const look = async () => {
      for await (const { record: taken } of host.adopt(
        yes,
        () => false,
        pid => found.includes(pid),
      ))
        found.push(taken.pid)
    }
    await losingTheAnswer(proxy, look)
    await look()
    assert.deepEqual(found, [record.pid])
  },
  async take({ host, proxy, store }) {
    const record = aRecord({ version: '', shape: '', outline: [] })
    await store.submit(record)
    const taken: string[] = []
    await losingTheAnswer(proxy, async () => {
      for await (const { pid } of host.take(yes)) taken.push(pid)
    })
    for await (const { record: found } of host.adopt(
      yes,
      () => false,
      pid => taken.includes(pid),
    ))
      taken.push(found.pid)
    assert.deepEqual(taken, [record.pid])
  },
  async submit({ cutOff, proxy, store }) {
    const record = aRecord({ version: '', shape: '', outline: [], key: 'once' })
    assert.deepEqual(await losingTheAnswer(proxy, () => cutOff.submit(record)), { pid: record.pid, created: true })
    assert.equal((await collect(store.list())).length, 1)
  },
  async 'a command'({ cutOff, proxy, store }) {
    await losingTheAnswer(proxy, () => cutOff.documents.put('commands', 'a.b', '{}'))
    assert.deepEqual(
      (await store.documents.list('commands')).map(({ name }) => name),
      ['a.b'],
    )
  },
}

if (url === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  for (const [name, run] of Object.entries(CASES))
    test(`the answer to ${name} is lost: it is done once, and its host knows`, async t => {
      const here = await world()
      try {
        await t.notThrowsAsync(run(here))
      } finally {
        await here.end()
      }
    })
