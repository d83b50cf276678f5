import fs from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { defineProcess, lowdbStore, openClient, SubmitError, typed } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'

const define = (begun: number[] = []) =>
  defineProcess({ name: 'count', input: typed<number>() }).step('work', ({ data }) => {
    begun.push(data)
    return data
  })

for (const [name, makeStore] of [
  ['memory', () => memoryStore()],
  ['lowdb', (dir: string) => lowdbStore(join(dir, 'store'))],
  ['sqlite', (dir: string) => sqliteStore(join(dir, 'store.sqlite'))],
] as const)
  test(`many are submitted, and started, at once, and begin in their order: ${name}`, async t => {
    const begun: number[] = []
    const definition = define(begun)
    const store = makeStore(await tempDir(t))
    const client = openClient(store)
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    const pids = await client.submitMany(
      numbers.map(n => ({ name: 'count', input: n, ...(n === 7 && { key: 'seven', labels: { is: 'seven' } }) })),
    )
    t.deepEqual(pids, pids.toSorted())
    t.like(await client.byKey('seven'), { pid: pids[7], labels: { is: 'seven' } })
    const runtime = await createTestRuntime({ processes: [definition], store, worker: true, concurrency: 1 })
    t.teardown(() => runtime.close())
    t.deepEqual(await Promise.all(pids.map(pid => client.result(pid))), numbers)
    t.deepEqual(begun.splice(0), numbers)
    const jobs = await runtime.startMany(definition, numbers, { labels: { of: 'many' }, timeout: '1m' })
    t.deepEqual(await Promise.all(jobs.map(job => job.result())), numbers)
    // A host that looks while they come may begin a later one first.
    t.deepEqual(
      begun.toSorted((a, b) => a - b),
      numbers,
    )
    t.is((await Array.fromAsync(runtime.list({ labels: { of: 'many' } }))).length, 60)
    t.deepEqual(await runtime.startMany(definition, []), [])
    await runtime.close()
    await store.close()
  })

test('nothing is submitted if anything is wrong', async t => {
  const store = memoryStore()
  const client = openClient(store)
  const good = { name: 'count', input: 1 }
  await t.throwsAsync(client.submitMany([good, { name: 'Bad Name' }]), {
    instanceOf: TypeError,
    message: /name of process 1 of submitMany\(\) must be/,
  })
  await t.throwsAsync(client.submitMany([good, { ...good, priority: 1000 }]), { message: /priority of process 1/ })
  await t.throwsAsync(client.submitMany([good, { name: 'count', input: new Map() }]), { code: 'ERR_NOT_JSON' })
  await t.throwsAsync(client.submitMany(good as never), { message: /processes of submitMany\(\) must be an array/ })
  const runtime = await createTestRuntime({ processes: [define()], store })
  await t.throwsAsync(runtime.startMany(define(), [1]), { code: 'ERR_UNKNOWN_DEFINITION' })
  t.deepEqual(await Array.fromAsync(client.list()), [])
  await runtime.close()
})

test('a folder that fails in the middle says exactly which processes are in the store', async t => {
  let left = Infinity
  const files = {
    ...fs,
    renameSync(from: string, to: string) {
      if (to.includes('pending/') && left-- <= 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      fs.renameSync(from, to)
    },
  }
  const store = lowdbStore(join(await tempDir(t), 'store'), { files })
  const client = openClient(store)
  left = 3
  const error = await t.throwsAsync(client.submitMany([1, 2, 3, 4, 5].map(input => ({ name: 'count', input }))), {
    instanceOf: SubmitError,
    code: 'ERR_STORE_WRITE',
    message: /3 of 5 processes are in the store/,
  })
  left = Infinity
  const { pids } = error as SubmitError
  t.deepEqual(
    pids.map(pid => pid !== undefined),
    [true, true, true, false, false],
  )
  const found = (await Array.fromAsync(client.list())).map(({ pid }) => pid)
  t.deepEqual(found.toSorted(), pids.slice(0, 3))
})
