import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { defineProcess } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'
import { copyStore } from '../../src/store/copy-store.ts'
import { lowdbStore } from '../../src/store/lowdb/lowdb-store.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { AdoptedProcess, Store } from '../../src/store/store.ts'
import {
  aMemory,
  aRecord,
  aReport,
  aTransition,
  collect,
  created,
  ended,
  theEnd,
} from '../../src/testing/conformance/samples.ts'
import { tempDir } from './helpers.ts'
import { putChart, readCharts } from '../../src/store/charts.ts'
import { makePostgresStore } from '../postgres/store.ts'

const chart = { name: 'import-dump', version: '1', shape: 'abc', chart: { id: 'import-dump' } }

async function fill(store: Store): Promise<void> {
  const host = await store.openHost()
  await putChart(store.documents, chart)
  for (let i = 0; i < 120; i++) await ended(host, i % 2 === 0 ? { key: `k${i}`, labels: { n: String(i) } } : {})
  const record = await created(host, { input: JSON.parse('{"__proto__":1}') })
  await host.write(aTransition(record, 2))
  await host.write(aReport(record, 3, { read: { value: 1 } }))
  await host.append('log', record.pid, [{ at: 1, step: 'read', attempt: 1, message: 'one' }])
  await host.append('stream', record.pid, [{ offset: 0, step: 'read', attempt: 1, chunks: ['one', 2] }])
  await host.write(theEnd(record, 4, { status: 'cancelled' }))
  const live = await created(host, { key: 'live', status: 'running' })
  await host.write(aTransition(live, 2))
  await host.write(aMemory(live, 3, [['ask', { any: 1 }]]))
  await host.write(aReport(live, 4, { read: { value: 1 } }))
  await host.write(aMemory(live, 5, [['ask-more', 2]]))
  await host.release(live.pid)
  await host.close()
  await store.documents.put('pauses', 'import-dump', '{"name":"import-dump","at":1}')
  await store.documents.put('schedules', 'nightly', '{"any":"schedule"}')
  await store.documents.put('commands', `${live.pid}.one`, '{"any":"command"}')
}

/** All that can be read of a store. */
async function contents(store: Store) {
  const found = await collect(store.list())
  const more = found.map(async ({ record: { pid } }) => [
    pid,
    await store.history(pid),
    await collect(store.trail('log', pid)),
    await collect(store.trail('stream', pid)),
  ])
  const documents = await Promise.all(
    (['pauses', 'schedules', 'commands'] as const).map(async collection =>
      (await store.documents.list(collection)).map(({ name, content }) => ({ name, content: String(content).trim() })),
    ),
  )
  return {
    found,
    more: await Promise.all(more),
    charts: await readCharts(store.documents),
    documents,
    hosts: await store.hosts(),
  }
}

/** Give what opens an empty store, again and again. */
const makers = {
  memory:
    (_dir: string, _t: unknown, store = memoryStore()) =>
    () =>
      store,
  lowdb: (dir: string) => () => lowdbStore(path.join(dir, 'lowdb')),
  sqlite: (dir: string) => () => sqliteStore(path.join(dir, 'store.sqlite')),
  async postgres(_dir: string, t: ExecutionContext) {
    const tried = await makePostgresStore()
    t.teardown(async () => tried?.cleanup())
    return tried?.open
  },
}

const kinds = Object.keys(makers) as (keyof typeof makers)[]

for (const [from, to] of kinds.flatMap(from => kinds.map(to => [from, to] as const))) {
  test(`a copy has all that the store has: ${from} to ${to}`, async t => {
    const [source, target] = [await makers[from](tempDir(t), t), await makers[to](tempDir(t), t)]
    if (source === undefined || target === undefined) return t.pass('NO POSTGRESQL FOR THIS PLATFORM')
    await fill(source())
    const before = await contents(source())
    t.deepEqual(await copyStore(source(), target()), { copied: 122, present: 0 })
    t.deepEqual(await contents(target()), before)
    t.deepEqual(await contents(source()), before)
    const host = await target().openHost()
    t.false((await host.create(aRecord({ key: 'k4' }))).created)
    await host.close()
    t.deepEqual(await copyStore(source(), target()), { copied: 0, present: 122 })
    const heir = await target().openHost()
    const [{ record, released }] = (await collect(heir.adopt(() => true))) as [AdoptedProcess]
    t.true(released)
    t.like(record, { key: 'live', revision: 5, progress: { read: { value: 1 } }, memory: [['ask-more', 2]] })
    await heir.write(theEnd(record, 6))
    await heir.close()
  })
}

test('a store whose hosts have live processes is refused, and no other one is made', async t => {
  const dir = tempDir(t)
  const from = lowdbStore(path.join(dir, 'from'))
  const host = await from.openHost()
  const pids: string[] = []
  for (let i = 0; i < 5; i++) pids.push((await created(host)).pid)
  await ended(host)
  const letGo = (await created(host)).pid
  await host.release(letGo)
  const error = await t.throwsAsync(copyStore(from, sqliteStore(path.join(dir, 'to.sqlite'))), {
    code: 'ERR_NOT_ENDED',
  })
  t.true(error!.message.includes(`(${pids[4]}, ${pids[3]}, ${pids[2]}, ...)`), error!.message)
  await t.throwsAsync(copyStore(lowdbStore(path.join(dir, 'none')), sqliteStore(path.join(dir, 'to.sqlite'))), {
    code: 'ERR_STORE_MISSING',
  })
  await t.throwsAsync(copyStore(from, lowdbStore(path.join(dir, 'from'))), { instanceOf: TypeError })
  t.deepEqual(fs.readdirSync(dir), ['from'])
  await host.close()
})

test("a key that is another process's over there", async t => {
  const [from, to] = [memoryStore(), memoryStore()]
  const [host, other] = [await from.openHost(), await to.openHost()]
  const mine = await ended(host, { key: 'k' })
  const theirs = await ended(other, { key: 'k' })
  const error = await t.throwsAsync(copyStore(from, to), { code: 'ERR_STORE_WRITE' })
  for (const { pid } of [mine, theirs]) t.true(error!.message.includes(pid))
  t.deepEqual(await to.hosts().then(hosts => hosts.map(({ id }) => id)), [other.hostId])
})

test('a journal that cannot be read ends the copy, or is told and left behind', async t => {
  const dir = tempDir(t)
  const from = lowdbStore(path.join(dir, 'from'))
  const host = await from.openHost()
  const [bad, good] = [await ended(host), await ended(host)]
  await host.close()
  fs.writeFileSync(path.join(dir, 'from', 'ended', bad.pid.slice(0, 4), `${bad.pid}.finished.jsonl`), 'garbage\n')
  const to = (name: string): Store => sqliteStore(path.join(dir, name))
  await t.throwsAsync(copyStore(from, to('one.sqlite')), { code: 'ERR_STORE_CORRUPT' })
  const told: string[] = []
  t.deepEqual(await copyStore(from, to('two.sqlite'), { onCorrupt: ({ pid }) => told.push(pid) }), {
    copied: 1,
    present: 0,
  })
  t.deepEqual(told, [bad.pid])
  t.deepEqual(
    (await collect(to('two.sqlite').list())).map(({ record }) => record.pid),
    [good.pid],
  )
})

test('what has not ended can be left out, while its host goes on', async t => {
  const [from, to] = [memoryStore(), memoryStore()]
  const runtime = await createTestRuntime({ processes: [waiting], store: from })
  const [first, second] = [await runtime.start(waiting), await runtime.start(waiting)]
  for (const { pid } of [first, second]) await runtime.until(pid, 'interrupted')
  await first.proceed()
  await first.result()
  await t.throwsAsync(copyStore(from, to), { code: 'ERR_NOT_ENDED' })
  t.deepEqual(await copyStore(from, to, { endedOnly: true }), { copied: 1, present: 0 })
  t.is((await to.get(first.pid))?.record.status, 'finished')
  t.is(await to.get(second.pid), undefined)
  await runtime.close()
})

const waiting = defineProcess({ name: 'waiting' }).interrupt('ask')
