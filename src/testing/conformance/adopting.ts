import assert from 'node:assert/strict'
import type { AdoptedProcess, HostStore } from '../../store/store.ts'
import { aRecord, aReport, aTransition, collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

const yes = (): boolean => true
const adoptAll = (host: HostStore): Promise<AdoptedProcess[]> => collect(host.adopt(yes))

export const adoptingTests = [
  check('adopt: nobody takes what a living host owns, not even that host', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    await created(one)
    assert.deepEqual(await adoptAll(other), [])
    assert.deepEqual(await adoptAll(one), [])
    await Promise.all([one.close(), other.close()])
  }),

  check('adopt: what a dead host leaves goes on where it was', async ({ store, open, crash }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const record = await created(one, { key: 'k' })
    const done = await ended(one)
    await one.write(aTransition(record, 2))
    await one.write(aReport(record, 3, { read: { value: 1 } }))
    const before = (await store.get(record.pid))!.record
    await crash(one)
    assert.equal((await open().get(record.pid))?.host?.state, 'dead')
    assert.equal((await open().hosts()).find(({ id }) => id === one.hostId)?.state, 'dead')
    const [adopted] = await adoptAll(other)
    assert.deepEqual(adopted, { record: { ...before, epoch: 1 }, released: false })
    assert.equal((await open().get(record.pid))?.host?.id, other.hostId)
    assert.deepEqual(
      (await open().hosts()).map(({ id }) => id),
      [other.hostId],
    )
    await other.write(aTransition(adopted.record, 4))
    await other.write(theEnd(adopted.record, 5))
    assert.equal((await store.history(record.pid))?.length, 5)
    assert.equal((await store.get(done.pid))?.record.status, 'finished')
    assert.equal((await other.create(aRecord({ key: 'k' }))).pid, record.pid)
    await other.close()
  }),

  check('adopt: what is not accepted stays, and its host with it', async ({ store, open, crash }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const known = await created(one, { name: 'known' })
    const unknown = await created(one, { name: 'unknown' })
    await crash(one)
    const taken = await collect(other.adopt(({ name }) => name === 'known'))
    assert.deepEqual(
      taken.map(({ record }) => record.pid),
      [known.pid],
    )
    assert.deepEqual((await open().get(unknown.pid))?.host?.state, 'dead')
    assert.deepEqual(
      (await adoptAll(other)).map(({ record }) => record.pid),
      [unknown.pid],
    )
    assert.deepEqual(
      (await open().hosts()).map(({ id }) => id),
      [other.hostId],
    )
    await other.close()
  }),

  check('adopt: each process goes to exactly one host', async ({ store, open, crash }) => {
    const dying = await store.openHost()
    const hosts = [await store.openHost(), await open().openHost(), await open().openHost()] as const
    const pids: string[] = []
    for (let i = 0; i < 100; i++) pids.push((await created(dying)).pid)
    for (const pid of pids.slice(50)) await dying.release(pid)
    await crash(dying)
    const taken = (await Promise.all(hosts.map(adoptAll))).flat().map(({ record }) => record.pid)
    // Whoever came second may have looked before the first was through.
    taken.push(...(await adoptAll(hosts[0])).map(({ record }) => record.pid))
    assert.equal(taken.length, 100)
    assert.deepEqual(taken.toSorted(), pids.toSorted())
    await Promise.all(hosts.map(host => host.close()))
  }),

  check('release: the next host takes it at once, and it is no death', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const record = await created(one, { status: 'sleeping' })
    await one.release(record.pid)
    await assert.rejects(async () => one.write(aTransition(record, 2)), { code: 'ERR_PROCESS_TAKEN' })
    const waiting = await open().get(record.pid)
    assert.deepEqual(waiting, { record })
    assert.deepEqual(await collect(store.list()), [{ record }])
    const next = { ...record, epoch: 1 }
    assert.deepEqual(await adoptAll(other), [{ record: next, released: true }])
    assert.deepEqual(await adoptAll(one), [])
    await other.write(theEnd(next, 2))
    await Promise.all([one.close(), other.close()])
  }),

  check('release: a host may take its own back', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.write(aTransition(record, 2))
    await host.release(record.pid)
    const [back] = await adoptAll(host)
    assert.equal(back?.released, true)
    await host.write(aTransition(back.record, 3))
    assert.equal((await store.history(record.pid))?.length, 3)
    await host.close()
  }),

  check('close: what a host still owns can be adopted', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const record = await created(one)
    await one.close()
    await assert.rejects(async () => one.write(aTransition(record, 2)), { code: 'ERR_RUNTIME_CLOSED' })
    assert.equal((await open().get(record.pid))?.host?.state, 'dead')
    assert.deepEqual(await adoptAll(other), [{ record: { ...record, epoch: 1 }, released: false }])
    await other.close()
  }),

  check('close: a host that owns nothing is gone without a trace', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    await ended(one)
    await one.close()
    assert.deepEqual(
      (await open().hosts()).map(({ id }) => id),
      [other.hostId],
    )
    assert.deepEqual(await adoptAll(other), [])
    await other.close()
    assert.deepEqual(await open().hosts(), [])
  }),
]
