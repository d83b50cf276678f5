import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { limitId, type LimitRecord } from '../../record/limit.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { HostStore } from '../../store/store.ts'
import { aRecord, aSubmission, aTransition, collect, theEnd } from './samples.ts'
import { check } from './suite.ts'

const NOW = 1_000_000
const yes = (): boolean => true

const limitOf = (places: number, perMs?: number, limit = 'tenants'): LimitRecord => ({
  id: limitId(limit, perMs, 'ada'),
  limit,
  key: 'ada',
  places,
  ...(perMs !== undefined && { perMs }),
})

async function aLimited(host: HostStore, ...limits: readonly LimitRecord[]): Promise<ProcessRecord> {
  const record = aRecord({ limits })
  await host.create(record)
  return record
}

/** A process has as many places as its limit, and who else wants one waits for an end. */
export const limitingTests = [
  check('claim: never more than there are places, until a process ends', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const two = limitOf(2)
    assert.deepEqual(await store.rooms([two], NOW), [{ free: 2 }])
    const [first, second, third] = [await aLimited(one, two), await aLimited(other, two), await aLimited(other, two)]
    assert.equal(await one.claim(first.pid, [two], NOW), true)
    assert.equal(await one.claim(first.pid, [two], NOW), true, 'it has one')
    assert.equal(await other.claim(second.pid, [two], NOW), true)
    assert.equal(await other.claim(third.pid, [two], NOW), false)
    assert.deepEqual(await open().rooms([two, limitOf(2, undefined, 'others')], NOW), [{ free: 0 }, { free: 2 }])
    await one.write(theEnd(first, 2))
    assert.deepEqual(await store.rooms([two], NOW), [{ free: 1 }])
    assert.equal(await other.claim(third.pid, [two], NOW), true)
    await Promise.all([one.close(), other.close()])
  }),

  check('claim: hosts that claim at the same time share the places', async ({ store, open }) => {
    const hosts = [await store.openHost(), await open().openHost(), await open().openHost()]
    const three = limitOf(3)
    const claims = hosts.flatMap(host =>
      Array.from({ length: 6 }, async () => {
        const { pid } = await aLimited(host, three)
        return host.claim(pid, [three], NOW)
      }),
    )
    assert.equal((await Promise.all(claims)).filter(Boolean).length, 3)
    assert.deepEqual(await store.rooms([three], NOW), [{ free: 0 }])
    await Promise.all(hosts.map(host => host.close()))
  }),

  check('claim: all limits or none', async ({ store }) => {
    const host = await store.openHost()
    const [wide, narrow] = [limitOf(5, undefined, 'wide'), limitOf(1, undefined, 'narrow')]
    const rate = limitOf(5, 60_000, 'rate')
    const [first, second] = [await aLimited(host, narrow), await aLimited(host, wide, rate, narrow)]
    assert.equal(await host.claim(first.pid, [narrow], NOW), true)
    assert.equal(await host.claim(second.pid, [wide, rate, narrow], NOW), false)
    assert.deepEqual(await store.rooms([wide, narrow, rate], NOW), [{ free: 5 }, { free: 0 }, { free: 5 }])
    await host.write(theEnd(first, 2))
    assert.equal(await host.claim(second.pid, [wide, rate, narrow], NOW), true)
    assert.deepEqual(await store.rooms([wide, narrow, rate], NOW), [{ free: 4 }, { free: 0 }, { free: 4 }])
    await host.close()
  }),

  check(
    'claim: of a rate, a place is free when its time has passed, whatever becomes of its process',
    async ({ store, open }) => {
      const host = await store.openHost()
      const rate = limitOf(2, 1_000)
      const claimAt = async (at: number): Promise<boolean> => {
        const record = await aLimited(host, rate)
        const isClaimed = await host.claim(record.pid, [rate], NOW + at)
        await host.write(theEnd(record, 2))
        return isClaimed
      }
      assert.deepEqual([await claimAt(0), await claimAt(400), await claimAt(999)], [true, true, false])
      assert.deepEqual(await open().rooms([rate], NOW + 999), [{ free: 0, nextAt: NOW + 1_000 }])
      assert.deepEqual([await claimAt(1_000), await claimAt(1_001), await claimAt(1_399)], [true, false, false])
      assert.deepEqual([await claimAt(1_400), await claimAt(1_999), await claimAt(2_000)], [true, false, true])
      assert.deepEqual(await store.rooms([rate], NOW + 9_000), [{ free: 2 }])
      await host.close()
    },
  ),

  check('claim: hosts that claim at the same time keep a rate', async ({ store, open }) => {
    const hosts = [await store.openHost(), await open().openHost()]
    const rate = limitOf(4, 60_000)
    const claims = hosts.flatMap(host =>
      Array.from({ length: 8 }, async () => host.claim((await aLimited(host, rate)).pid, [rate], NOW)),
    )
    assert.equal((await Promise.all(claims)).filter(Boolean).length, 4)
    await Promise.all(hosts.map(host => host.close()))
  }),

  check('claim: a process that is adopted keeps its places', async ({ store, open, crash }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const single = limitOf(1)
    const record = await aLimited(one, single)
    await one.claim(record.pid, [single], NOW)
    await crash(one)
    const [adopted] = await collect(other.adopt(yes))
    const next = await aLimited(other, single)
    assert.equal(await other.claim(next.pid, [single], NOW), false)
    assert.equal(await other.claim(record.pid, [single], NOW, 1), true)
    await other.write(theEnd(adopted!.record, 2))
    assert.equal(await other.claim(next.pid, [single], NOW), true)
    await assert.rejects(one.claim(record.pid, [single], NOW))
    await other.close()
  }),

  check('vacate: frees the places of a process that goes on', async ({ store }) => {
    const host = await store.openHost()
    const [single, rate] = [limitOf(1), limitOf(5, 60_000)]
    const [first, second] = [await aLimited(host, single, rate), await aLimited(host, single)]
    await host.claim(first.pid, [single, rate], NOW)
    await host.vacate(first.pid, [single, rate])
    assert.equal(await host.claim(second.pid, [single], NOW), true)
    assert.equal(await host.claim(first.pid, [single], NOW), false)
    assert.deepEqual(await store.rooms([rate], NOW), [{ free: 4 }])
    await host.write(theEnd(first, 2))
    assert.deepEqual(await store.rooms([single], NOW), [{ free: 0 }])
    await host.close()
  }),

  check('take: whoever follows a process of the queue sees what its host writes', async ({ store, open }) => {
    const host = await store.openHost()
    const record = aRecord({ limits: [limitOf(1)] })
    await store.submit(record)
    const seen: number[] = []
    let end: Promise<unknown> | undefined
    for await (const { record: found } of open().follow(record.pid, AbortSignal.timeout(30_000))) {
      seen.push(found.revision)
      if (found.revision > 1) continue
      // Back and forth, and on in one go.
      await collect(host.take(yes))
      await host.requeue(record.pid)
      await collect(host.take(yes))
      await host.write(aTransition(record, 2))
      await host.write(aTransition(record, 3))
      end = delay(100).then(() => host.write(theEnd(record, 4)))
    }
    await end
    assert.equal(seen[0], 1)
    assert.equal(seen.at(-1), 4)
    await host.close()
  }),

  check(
    'requeue: the process waits for the next host that takes it, without places',
    async ({ store, open, crash }) => {
      const [one, other] = [await store.openHost(), await open().openHost()]
      const single = limitOf(1)
      const submitted = aSubmission({ limits: [single], key: 'k' })
      await store.submit(submitted)
      for await (const { pid } of one.take(yes)) assert.equal(await one.claim(pid, [single], NOW), true)
      await one.requeue(submitted.pid)
      assert.deepEqual(await store.rooms([single], NOW), [{ free: 1 }])
      assert.equal((await store.get(submitted.pid))?.host, undefined)
      await assert.rejects(one.requeue(submitted.pid))
      await collect(one.take(yes))
      await crash(one)
      await collect(other.adopt(yes))
      await other.requeue(submitted.pid, 1)
      const [taken] = await collect(other.take(yes))
      await other.complete({ ...taken!, version: '1', shape: 'f00' })
      await other.write(theEnd(taken!, 2))
      assert.equal((await open().get(submitted.pid))?.record.status, 'finished')
      assert.deepEqual(await store.submit(aSubmission({ key: 'k' })), { pid: submitted.pid, created: false })
      await other.close()
    },
  ),
]
