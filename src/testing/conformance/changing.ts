import assert from 'node:assert/strict'
import type { Store } from '../../store/store.ts'
import { aTransition, collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

/** What `changes` tells, and a way to wait until it has told of a pid. */
function listen(store: Store) {
  const controller = new AbortController()
  const batches = store.changes(controller.signal)[Symbol.asyncIterator]()
  return {
    next: async () => (await batches.next()).value as readonly string[],
    async until(pid: string): Promise<void> {
      for (;;) {
        const { done, value } = await batches.next()
        assert.equal(done, false, `it ended before it told of ${pid}`)
        if (value.includes(pid)) return
      }
    },
    async stop() {
      controller.abort()
      assert.equal((await batches.next()).done, true)
    },
  }
}

export const changingTests = [
  check('changes: begins with every pid, newest first, also when there is none', async ({ store, open }) => {
    const host = await store.openHost()
    const nobody = listen(open())
    assert.deepEqual(await nobody.next(), [])
    const pids = [(await created(host)).pid, (await ended(host)).pid, (await created(host)).pid].toReversed()
    const all = listen(open())
    assert.deepEqual(await all.next(), pids)
    await Promise.all([nobody.stop(), all.stop()])
    await host.close()
  }),

  check('changes: tells of what is created, written, ended and deleted', async ({ store, open }) => {
    const host = await store.openHost()
    const changes = listen(open())
    await changes.next()
    const record = await created(host)
    await changes.until(record.pid)
    for (const revision of [2, 3]) {
      await host.write(aTransition(record, revision))
      await changes.until(record.pid)
    }
    await host.write(theEnd(record, 4))
    await changes.until(record.pid)
    await store.delete(record.pid)
    await changes.until(record.pid)
    await changes.stop()
    await host.close()
  }),

  check('changes: says nothing of what has not changed', async ({ store, open }) => {
    const host = await store.openHost()
    const quiet = [(await created(host)).pid, (await ended(host)).pid]
    const changes = listen(open())
    await changes.next()
    const other = await created(host)
    const told: string[] = []
    for (const revision of [2, 3]) {
      await host.write(aTransition(other, revision))
      told.push(...(await changes.next()))
    }
    assert.deepEqual(
      told.filter(pid => quiet.includes(pid)),
      [],
    )
    await changes.stop()
    await host.close()
  }),

  check('changes: tells when another host takes a process', async ({ store, open, crash }) => {
    const [first, second] = [await store.openHost(), await open().openHost()]
    const record = await created(first)
    const changes = listen(open())
    await changes.next()
    await crash(first)
    await collect(second.adopt(() => true))
    await changes.until(record.pid)
    await changes.stop()
    await second.close()
  }),

  check('changes: ends when its store is closed', async ({ store, open }) => {
    const host = await store.openHost()
    const reader = open()
    let seen = 0
    for await (const _ of reader.changes()) {
      seen += 1
      setImmediate(() => void reader.close())
    }
    assert.equal(seen, 1)
    await host.close()
  }),
]
