import assert from 'node:assert/strict'
import { aTransition, collect, created, theEnd } from './samples.ts'
import { check } from './suite.ts'

export const adoptingByHandTests = [
  check(
    'adopt by hand: what a lost host had goes to the next one that adopts, with its key',
    async ({ store, open, crash }) => {
      const [lost, next] = [await store.openHost(), await open().openHost()]
      const record = await created(lost, { key: 'once' })
      await lost.write(aTransition(record, 2))
      await crash(lost)
      assert.equal(await open().adopt(lost.hostId, false), 1)
      const adopted = await collect(next.adopt(() => true))
      assert.deepEqual(
        adopted.map(({ record: { pid, revision } }) => [pid, revision]),
        [[record.pid, 2]],
      )
      assert.equal((await next.create({ ...record, pid: 'b9u0000000zzzzzzzzzz' })).pid, record.pid)
      await next.write(theEnd(adopted[0]!.record, 3))
      assert.equal((await store.get(record.pid))?.record.status, 'finished')
      await next.close()
    },
  ),

  check(
    'adopt by hand: a host that is alive keeps what it has, unless it is taken by force',
    async ({ store, open }) => {
      const [alive, next] = [await store.openHost(), await open().openHost()]
      const record = await created(alive)
      await assert.rejects(store.adopt(alive.hostId, false), { code: 'ERR_HOST_ALIVE' })
      assert.equal((await collect(next.adopt(() => true))).length, 0)
      assert.equal(await store.adopt(alive.hostId, true), 1)
      await assert.rejects(async () => alive.write(aTransition(record, 2)), { code: 'ERR_PROCESS_TAKEN' })
      const [adopted] = await collect(next.adopt(() => true))
      assert.equal(adopted?.record.revision, 1, 'what it writes from then on is not read')
      await next.write(theEnd(adopted.record, 2))
      assert.equal((await store.get(record.pid))?.record.status, 'finished')
      await Promise.all([alive.close(), next.close()])
    },
  ),

  check('adopt by hand: an unknown host is told', async ({ store }) => {
    const host = await store.openHost()
    for (const id of ['h00000000000', '../../etc', 'released', ''])
      await assert.rejects(store.adopt(id, true), { code: 'ERR_UNKNOWN_HOST' })
    await host.close()
  }),
]
