import assert from 'node:assert/strict'
import { aReport, aTransition, collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

export const followingTests = [
  check('follow: the newest record, then every later one, to the end', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.write(aTransition(record, 2))
    const revisions: number[] = []
    for await (const {
      record: { revision, status },
      host: owner,
    } of open().follow(record.pid)) {
      revisions.push(revision)
      assert.equal(owner?.id, status === 'finished' ? undefined : host.hostId)
      if (revision === 2) {
        await host.write(aReport(record, 3, { read: { value: 1 } }))
        await host.write(aTransition(record, 4))
      }
      if (revision === 4) await host.write(theEnd(record, 5))
    }
    assert.deepEqual(revisions, [2, 3, 4, 5])
    await host.close()
  }),

  check('follow: a process that has ended gives its last record', async ({ store }) => {
    const host = await store.openHost()
    const { pid } = await ended(host)
    const found = await collect(store.follow(pid))
    assert.deepEqual(
      found.map(({ record }) => record.revision),
      [2],
    )
    await host.close()
  }),

  check('follow: goes along when another host takes the process', async ({ store, open, crash }) => {
    const [first, second] = [await store.openHost(), await open().openHost()]
    const record = await created(first)
    const owners: (string | undefined)[] = []
    for await (const found of open().follow(record.pid)) {
      owners.push(found.host?.id)
      if (found.record.revision === 1) {
        await crash(first)
        const [adopted] = await collect(second.adopt(() => true))
        await second.write(aTransition(adopted!.record, 2))
      }
      if (found.record.revision === 2) await second.write(theEnd(found.record, 3))
    }
    assert.deepEqual(owners, [first.hostId, second.hostId, undefined])
    await second.close()
  }),

  check('follow: ends without a throw when its signal aborts', async ({ store }) => {
    const host = await store.openHost()
    const { pid } = await created(host)
    const controller = new AbortController()
    let seen = 0
    for await (const _ of store.follow(pid, controller.signal)) {
      seen += 1
      setImmediate(() => controller.abort())
    }
    assert.equal(seen, 1)
    assert.deepEqual(await collect(store.follow(pid, AbortSignal.abort())), [])
    await host.close()
  }),

  check('follow: ends when its store is closed', async ({ store, open }) => {
    const host = await store.openHost()
    const { pid } = await created(host)
    const reader = open()
    let seen = 0
    for await (const _ of reader.follow(pid)) {
      seen += 1
      setImmediate(() => void reader.close())
    }
    assert.equal(seen, 1)
    await host.close()
  }),
]
