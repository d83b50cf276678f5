import assert from 'node:assert/strict'
import { isPid } from '../../record/pid.ts'
import { FINAL_STATUSES } from '../../record/record.ts'
import { aRecord, aReport, aTransition, collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

const FAR = Date.UTC(2200, 0, 1)

export const hostingTests = [
  check('write: an end is final, for each way to end', async ({ store, open }) => {
    const host = await store.openHost()
    for (const status of FINAL_STATUSES) {
      const record = await created(host)
      await host.write(aTransition(record, 2))
      await host.write(theEnd(record, 3, { status }))
      const found = await open().get(record.pid)
      assert.equal(found?.record.status, status)
      assert.equal(found?.host, undefined)
      await assert.rejects(async () => host.write(aTransition(record, 4)), { code: 'ERR_PROCESS_TAKEN' })
    }
    await host.close()
  }),

  check('write: only the owner writes', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const record = await created(one)
    await assert.rejects(async () => other.write(aTransition(record, 2)), { code: 'ERR_PROCESS_TAKEN' })
    await assert.rejects(other.release(record.pid), { code: 'ERR_PROCESS_TAKEN' })
    await assert.rejects(async () => other.write(aTransition(aRecord(), 2)), { code: 'ERR_UNKNOWN_PROCESS' })
    await one.write(aTransition(record, 2))
    assert.equal((await store.history(record.pid))?.length, 2)
    await Promise.all([one.close(), other.close()])
  }),

  check('write: revisions only grow; the newest line may be written again', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.write(aTransition(record, 2))
    await host.write(aTransition(record, 2))
    await assert.rejects(async () => host.write(aReport(record, 1, {})), TypeError)
    assert.equal((await store.history(record.pid))?.length, 2)
    await host.close()
  }),

  check('create: a pid is checked, and is there once', async ({ store }) => {
    const host = await store.openHost()
    await assert.rejects(host.create(aRecord({ pid: '../../escape' })), TypeError)
    const record = await created(host)
    assert.ok(isPid(record.pid))
    await assert.rejects(host.create(record), TypeError)
    assert.equal((await store.get(record.pid))?.record.revision, 1)
    await host.close()
  }),

  check('create: a key stands for the same process, live or ended, until it is deleted', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const first = aRecord({ key: 'order-1' })
    assert.deepEqual(await one.create(first), { pid: first.pid, created: true })
    const rival = aRecord({ key: 'order-1' })
    assert.deepEqual(await other.create(rival), { pid: first.pid, created: false })
    assert.equal(await store.get(rival.pid), undefined)
    assert.equal(await open().holderOf('order-1'), first.pid)
    assert.equal(await open().holderOf('order-2'), undefined)
    await one.write(theEnd(first, 2))
    assert.deepEqual(await other.create(aRecord({ key: 'order-1' })), { pid: first.pid, created: false })
    await open().delete(first.pid)
    assert.equal(await open().holderOf('order-1'), undefined)
    const next = aRecord({ key: 'order-1' })
    assert.deepEqual(await other.create(next), { pid: next.pid, created: true })
    assert.equal((await collect(store.list())).length, 1)
    await Promise.all([one.close(), other.close()])
  }),

  check('create: of many with one key at once, exactly one is made', async ({ store, open }) => {
    const hosts = [await store.openHost(), await open().openHost(), await open().openHost()]
    for (const key of ['a', '..', '/', 'x'.repeat(5_000)]) {
      const made = await Promise.all(Array.from({ length: 30 }, (_, i) => hosts[i % 3]!.create(aRecord({ key }))))
      assert.equal(made.filter(({ created: yes }) => yes).length, 1, key)
      assert.equal(new Set(made.map(({ pid }) => pid)).size, 1, key)
    }
    assert.equal((await collect(store.list())).length, 4)
    await Promise.all(hosts.map(host => host.close()))
  }),

  check('delete: only what has ended', async ({ store, open }) => {
    const host = await store.openHost()
    const live = await created(host)
    const done = await ended(host)
    await assert.rejects(store.delete(live.pid), { code: 'ERR_NOT_ENDED' })
    await open().delete(done.pid)
    assert.equal(await store.get(done.pid), undefined)
    await assert.rejects(store.delete(done.pid), { code: 'ERR_UNKNOWN_PROCESS' })
    await assert.rejects(collect(store.follow(done.pid)), { code: 'ERR_UNKNOWN_PROCESS' })
    assert.notEqual(await store.get(live.pid), undefined)
    await host.close()
  }),

  check('expire: children stay as long as their root', async ({ store }) => {
    const host = await store.openHost()
    const root = await created(host)
    const child = await created(host, { key: 'child', parent: { pid: root.pid, step: 'read' } })
    await host.write(theEnd(child, 2))
    assert.equal(await host.expire(FAR, FAR), 0)
    assert.deepEqual((await store.get(child.pid))?.record.parent, { pid: root.pid, step: 'read' })
    await host.write(theEnd(root, 2))
    let removed = 0
    while (removed < 2) {
      const count = await host.expire(FAR, FAR)
      assert.notEqual(count, 0)
      removed += count
    }
    assert.equal(await store.get(child.pid), undefined)
    await host.close()
  }),

  check('expire: removes ended processes only, and frees their keys', async ({ store }) => {
    const host = await store.openHost()
    const live = await created(host, { key: 'live' })
    for (let i = 0; i < 40; i++) await ended(host, { key: `k${i}` })
    const last = await ended(host)
    assert.equal(await host.expire(FAR, 0), 0)
    assert.equal(await host.expire(0, FAR), 0)
    assert.equal(await host.expire(last.createdAt, FAR), 40)
    assert.deepEqual(
      (await collect(store.list())).map(({ record }) => record.pid),
      [last.pid, live.pid],
    )
    assert.equal(await host.expire(FAR, FAR), 1)
    assert.equal((await host.create(aRecord({ key: 'k7' }))).created, true)
    assert.equal((await host.create(aRecord({ key: 'live' }))).pid, live.pid)
    await ended(host)
    await host.close()
  }),

  check('hosts: those that are open', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    assert.notEqual(one.hostId, other.hostId)
    const hosts = await open().hosts()
    assert.deepEqual(hosts.map(({ id }) => id).toSorted(), [one.hostId, other.hostId].toSorted())
    assert.ok(
      hosts.every(
        ({ state, osPid, startedAt }) =>
          state === 'alive' && osPid === process.pid && Date.parse(startedAt ?? '') <= Date.now(),
      ),
    )
    await one.close()
    await one.close()
    await assert.rejects(one.create(aRecord()), { code: 'ERR_RUNTIME_CLOSED' })
    assert.deepEqual(
      (await store.hosts()).map(({ id }) => id),
      [other.hostId],
    )
    await other.close()
  }),
]
