import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { aReport, aTransition, collect, created, theEnd } from '../../../src/testing/conformance/samples.ts'
import type { Transition } from '../../../src/record/record.ts'
import { spawn, told } from '../children/spawn.ts'
import type { HostTold } from '../children/spawn.ts'
import { tempDir, treeOf } from '../helpers.ts'

test('a host that is killed is seen dead at once, and its processes go on elsewhere', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const child = spawn(t, 'host', [dir, '20'])
  const { hostId, pids, done } = await told<HostTold>(child)
  t.like((await store.hosts())[0], { id: hostId, osPid: child.pid!, state: 'alive' })
  t.is((await store.get(pids[0]!))?.host?.state, 'alive')
  const host = await lowdbStore(dir).openHost()
  t.deepEqual(await collect(host.adopt(() => true)), [])
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.is((await lowdbStore(dir).hosts()).find(({ id }) => id === hostId)?.state, 'dead')
  const adopted = await collect(lowdbStore(dir).list({ status: ['running'] }))
  t.true(adopted.every(found => found.host?.state === 'dead'))
  const taken: string[] = []
  // Found alive just now, so it may take a moment until it is asked again.
  while (taken.length < pids.length)
    for await (const { record, released } of host.adopt(() => true)) {
      t.false(released)
      t.is(record.revision, 2)
      taken.push(record.pid)
    }
  t.deepEqual(taken.toSorted(), pids.toSorted())
  t.deepEqual(
    (await lowdbStore(dir).hosts()).map(({ id }) => id),
    [host.hostId],
  )
  t.false(treeOf(dir).some(name => name.includes(hostId)))
  t.is((await store.get(done))?.record.status, 'finished')
  for (const pid of pids) await host.release(pid)
  await host.close()
})

test('a host that is stopped does not answer, and is not robbed', async t => {
  const dir = tempDir(t)
  const child = spawn(t, 'host', [dir, '1'])
  const { hostId, pids } = await told<HostTold>(child)
  child.kill('SIGSTOP')
  const store = lowdbStore(dir)
  t.is((await store.hosts()).find(({ id }) => id === hostId)?.state, 'unresponsive')
  const host = await store.openHost()
  t.deepEqual(await collect(host.adopt(() => true)), [])
  t.is((await store.get(pids[0]!))?.host?.id, hostId)
  child.kill('SIGCONT')
  await host.close()
})

test('a reader in another process never sees a torn record, a gap or a step back', async t => {
  const dir = tempDir(t)
  let host = await lowdbStore(dir).openHost()
  const records = []
  for (let i = 0; i < 12; i++) records.push(await created(host))
  const reader = spawn(t, 'reader', [dir, ...records.map(({ pid }) => pid)])
  await told(reader)
  const data = (revision: number): Pick<Transition, 'data'> => ({ data: { revision, fill: 'x'.repeat(revision % 500) } })
  let revision = 1
  const enough = new AbortController()
  reader.once('message', () => enough.abort())
  for (let round = 0; round < 300 || !enough.signal.aborted; round++) {
    revision += 1
    for (const record of records) await host.write(aTransition(record, revision, data(revision)))
    revision += 1
    for (const record of records) await host.write(aReport(record, revision, { read: { value: revision } }))
    if (round % 20 === 0) {
      // From folder to folder: let go by one host, taken by the next.
      const next = await lowdbStore(dir).openHost()
      for (const { pid } of records) await host.release(pid)
      t.is((await collect(next.adopt(() => true))).length, records.length)
      await host.close()
      host = next
    }
    // A reader that gets no turn on a busy machine is not to be outrun so far that journals are compacted: then a follower may leave lines out.
    await delay(round < 300 ? 2 : 50)
  }
  for (const record of records) await host.write(theEnd(record, revision + 1, data(revision + 1)))
  await host.close()
  reader.send('stop')
  const { faults, counts } = await told<{ faults: string[]; counts: Record<string, number> }>(reader)
  t.deepEqual(faults.slice(0, 10), [])
  t.log(counts)
  for (const count of Object.values(counts)) t.true(count >= 40)
})

test('processes that claim the same keys at once agree', async t => {
  const dir = tempDir(t)
  const children = Array.from({ length: 3 }, () => spawn(t, 'claimer', [dir, '150']))
  await Promise.all(children.map(told))
  for (const child of children) child.send('go')
  const made = (await Promise.all(children.map(child => told<{ key: string; pid: string; created: boolean }[]>(child)))).flat()
  for (const [key, claims] of Object.entries(Object.groupBy(made, ({ key }) => key))) {
    t.is(new Set(claims!.map(({ pid }) => pid)).size, 1, key)
    t.is(claims!.filter(claim => claim.created).length, 1, key)
  }
  t.is((await collect(lowdbStore(dir).list())).length, 150)
})

test('a key that is freed and claimed all the time never has two processes', async t => {
  const dir = tempDir(t)
  const children = Array.from({ length: 3 }, () => spawn(t, 'claimer', [dir, '300', 'delete']))
  await Promise.all(children.map(told))
  for (const child of children) child.send('go')
  const made = (await Promise.all(children.map(child => told<{ pid: string; created: boolean }[]>(child)))).flat()
  t.true(made.some(({ created: yes }) => yes))
  t.deepEqual(await collect(lowdbStore(dir).list()), [])
  t.deepEqual(treeOf(path.join(dir, 'keys')), [])
})
