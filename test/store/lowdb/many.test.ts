import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { promisify } from 'node:util'
import test from 'ava'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { aTransition, collect, created, ended, theEnd } from '../../../src/testing/conformance/samples.ts'
import { tempDir } from '../helpers.ts'

test('thousands of live processes need few open files', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const records = []
  for (let i = 0; i < 1_000; i++) records.push(await created(host))
  for (const record of records) await host.write(aTransition(record, 2))
  if (process.platform === 'linux') {
    const open = fs
      .readdirSync('/proc/self/fd')
      .flatMap(fd => {
        try {
          return fs.readlinkSync(`/proc/self/fd/${fd}`)
        } catch {
          return []
        }
      })
      .filter(file => file.startsWith(dir) && file.endsWith('.jsonl'))
    t.true(open.length <= 200 && open.length > 100, `${open.length} open`)
  }
  for (const record of records) await host.write(theEnd(record, 3))
  t.is((await collect(lowdbStore(dir).list({ status: ['finished'] }))).length, 1_000)
  await host.close()
})

test('a list and an expiry of thousands let the event loop go on', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  for (let i = 0; i < 3_000; i++) await ended(host, i % 10 === 0 ? { key: `k${i}` } : {})
  let turns = 0
  let counting = true
  const count = (): void => {
    turns += 1
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  t.is((await collect(store.list())).length, 3_000)
  t.true(turns > 5, `${turns} turns while listing`)
  turns = 0
  t.is(await host.expire(Infinity, Infinity), 3_000)
  t.true(turns > 20, `${turns} turns while expiring`)
  counting = false
  await host.close()
})

test('an open host does not keep Node alive, a pending follow does', async t => {
  const dir = tempDir(t)
  const url = (file: string): string => JSON.stringify(new URL(`../../../src/${file}`, import.meta.url).href)
  const script = `
    const { lowdbStore } = await import(${url('store/lowdb/lowdb-store.ts')})
    const { created, theEnd } = await import(${url('testing/conformance/samples.ts')})
    const store = lowdbStore(process.argv[1])
    const host = await store.openHost()
    const record = await created(host)
    // Without the follow, Node would be gone before this timer rings, which does not keep it alive.
    setTimeout(() => host.write(theEnd(record, 2)), 150).unref()
    for await (const found of store.follow(record.pid)) console.log(found.record.revision)`
  // No time limit of its own: run late, on a busy machine, it would throw away what the program has
  // said.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, dir])
  t.is(stdout, '1\n2\n')
})
