import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { openClient } from '../../../src/client/open-client.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { aRecord, collect, created, ended } from '../../../src/testing/conformance/samples.ts'
import { IN_THE_WAY } from '../../fuzz/in-the-way.ts'
import { letDie } from '../../../src/store/hosts/host-presence.ts'
import { tempDir } from '../helpers.ts'

const endedFile = (dir: string, pid: string): string =>
  path.join(dir, 'ended', pid.slice(0, 4), `${pid}.finished.jsonl`)

for (const [what, text] of [
  ['an empty journal', ''],
  ['half a first line', '{"format":1,"pid"'],
] as const) {
  test(`${what} of an ended process is damage, whoever asks`, async t => {
    const dir = tempDir(t)
    const host = await lowdbStore(dir).openHost()
    const [bad, good] = [await ended(host), await ended(host)]
    await host.close()
    fs.writeFileSync(endedFile(dir, bad.pid), text)
    const client = openClient(dir)
    const corrupt = { code: 'ERR_STORE_CORRUPT', message: new RegExp(bad.pid) }
    await t.throwsAsync(client.get(bad.pid), corrupt)
    await t.throwsAsync(client.history(bad.pid), corrupt)
    await t.throwsAsync(client.result(bad.pid), corrupt)
    await t.throwsAsync(collect(client.watch(bad.pid)), corrupt)
    const told: string[] = []
    const listed = await collect(
      client.list({ onCorrupt: ({ pid, error }) => told.push(`${pid} ${(error as { code?: string }).code}`) }),
    )
    t.deepEqual(
      listed.map(({ pid }) => pid),
      [good.pid],
    )
    t.deepEqual(told, [`${bad.pid} ERR_STORE_CORRUPT`])
    await client.close()
  })
}

for (const put of IN_THE_WAY) {
  test(`a ${put.name} in place of a journal or a key keeps nobody waiting`, async t => {
    const dir = tempDir(t)
    const store = lowdbStore(dir)
    const [dying, host] = [await store.openHost(), await store.openHost()]
    const [live, over, healthy] = [await created(dying), await ended(dying), await created(dying)]
    const submitted = aRecord({ version: '', shape: '', outline: [] })
    await store.submit(submitted)
    const key = await created(host, { key: 'k' })
    const released = path.join(dir, 'active/released', `${aRecord().pid}.jsonl`)
    const files = [
      path.join(dir, 'active', dying.hostId, `${live.pid}.jsonl`),
      endedFile(dir, over.pid),
      path.join(dir, 'pending', `${submitted.pid}.jsonl`),
      path.join(dir, 'keys', fs.readdirSync(path.join(dir, 'keys'))[0]!),
    ]
    for (const file of files) fs.rmSync(file)
    for (const file of [...files, released, path.join(dir, 'logs', 'x')]) {
      fs.mkdirSync(path.dirname(file), { recursive: true })
      put(file)
    }
    await letDie(dying)
    const client = openClient(dir)
    for (const pid of [live.pid, over.pid, submitted.pid]) {
      const error = await client.get(pid).then(
        () => undefined,
        (thrown: { code?: string }) => thrown.code,
      )
      t.true(error === undefined || error === 'ERR_STORE_CORRUPT', `${put.name} ${error}`)
    }
    const listed = await collect(client.list())
    t.deepEqual(listed.map(({ pid }) => pid).toSorted(), [healthy.pid, key.pid].toSorted())
    await client.counts()
    t.deepEqual(
      (await collect(host.adopt(() => true))).map(({ record }) => record.pid),
      [healthy.pid],
    )
    t.deepEqual(await collect(host.take(() => true)), [])
    t.is(await host.expire(Infinity, Infinity), 0)
    await host.create(aRecord({ key: 'k' })).catch((error: { code?: string }) => t.is(error.code, 'ERR_STORE_CORRUPT'))
    await host.close()
    await client.close()
  })
}

test('something else in place of store.json keeps nobody waiting', async t => {
  for (const put of IN_THE_WAY.filter(({ name }) => name !== 'dangling')) {
    const dir = tempDir(t)
    await (await lowdbStore(dir).openHost()).close()
    fs.rmSync(path.join(dir, 'store.json'))
    put(path.join(dir, 'store.json'))
    await t.throwsAsync(lowdbStore(dir).get('0'.repeat(20)), { code: 'ERR_STORE_CORRUPT' })
    await t.throwsAsync(lowdbStore(dir).openHost(), { code: 'ERR_STORE_CORRUPT' })
  }
})
