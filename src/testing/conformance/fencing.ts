import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessRecord } from '../../record/record.ts'
import type { HostStore, Store } from '../../store/store.ts'
import { aRecord, aReport, aTransition, collect, created, theEnd } from './samples.ts'
import { check } from './suite.ts'

const yes = (): boolean => true
const no = (): boolean => false
const TAKEN = { code: 'ERR_PROCESS_TAKEN' }

/** Takes all that `robbed` has, though it is alive, and gives it to `heir`. */
async function rob(store: Store, robbed: HostStore, heir: HostStore): Promise<ProcessRecord[]> {
  await store.adopt(robbed.hostId, true)
  return (await collect(heir.adopt(yes))).map(({ record }) => record)
}

/** Nothing that a host might still do with a process reaches the store. */
async function refusesAll(host: HostStore, record: ProcessRecord, revision: number): Promise<void> {
  await assert.rejects(async () => host.write(aTransition(record, revision)), TAKEN, 'a transition')
  await assert.rejects(async () => host.write(aReport(record, revision, { read: { value: 1 } })), TAKEN, 'a report')
  await assert.rejects(async () => host.write(theEnd(record, revision)), TAKEN, 'an end')
  await assert.rejects(host.complete(record), TAKEN, 'a first record')
  await assert.rejects(host.release(record.pid, record.epoch), TAKEN, 'a release')
}

export const fencingTests = [
  check('fence: a living host that was robbed writes nothing any more', async ({ store, open }) => {
    const [robbed, heir] = [await store.openHost(), await open().openHost()]
    const record = await created(robbed, { key: 'k' })
    await robbed.write(aTransition(record, 2))
    await open().adopt(robbed.hostId, true)
    await refusesAll(robbed, record, 3)
    const [adopted] = await collect(heir.adopt(yes))
    assert.deepEqual([adopted?.record.revision, adopted?.record.epoch], [2, 1])
    await refusesAll(robbed, record, 3)
    await heir.write(aTransition(adopted!.record, 3))
    await refusesAll(robbed, record, 3)
    await refusesAll(robbed, record, 4)
    await heir.write(theEnd(adopted!.record, 4))
    await refusesAll(robbed, record, 4)
    const history = await store.history(record.pid)
    assert.deepEqual(
      history?.map(({ revision, epoch }) => [revision, epoch]),
      [
        [1, undefined],
        [2, undefined],
        [3, 1],
        [4, 1],
      ],
    )
    await Promise.all([robbed.close(), heir.close()])
  }),

  check('fence: a host that has its own process anew does not take the old lines', async ({ store, open }) => {
    const [host, other] = [await store.openHost(), await open().openHost()]
    const record = await created(host)
    const [back] = await rob(open(), host, host)
    assert.equal(back?.epoch, 1)
    await refusesAll(host, record, 2)
    await host.write(aTransition(back, 2))
    await refusesAll(host, record, 3)
    const [away] = await rob(open(), host, other)
    const [again] = await rob(open(), other, host)
    assert.ok(again!.epoch! >= away!.epoch! && away!.epoch === 2)
    await refusesAll(other, away!, 3)
    await host.write(theEnd(again!, 3))
    assert.equal((await store.history(record.pid))?.length, 3)
    await Promise.all([host.close(), other.close()])
  }),

  check('fence: a host that was robbed is told, stays visible, and can begin anew', async ({ store, open }) => {
    const [robbed, heir] = [await store.openHost(), await open().openHost()]
    const lost: string[] = []
    robbed.onLost(pids => lost.push(...pids))
    const [first, second] = [await created(robbed), await created(robbed)]
    const taken = await rob(open(), robbed, heir)
    assert.deepEqual(taken.map(({ pid }) => pid).toSorted(), [first.pid, second.pid].toSorted())
    for (let waited = 0; lost.length < 2 && waited < 10_000; waited += 20) await delay(20)
    assert.deepEqual(lost.toSorted(), [first.pid, second.pid].toSorted())
    const next = await created(robbed, { key: 'next' })
    await robbed.write(aTransition(next, 2))
    assert.equal((await open().get(next.pid))?.host?.state, 'alive')
    assert.deepEqual(await collect(heir.adopt(yes)), [])
    await robbed.write(theEnd(next, 3))
    assert.deepEqual(
      (await open().hosts()).map(({ id }) => id).toSorted(),
      [robbed.hostId, heir.hostId].toSorted(),
      'a host that was forgotten is there again',
    )
    await robbed.close()
    await heir.close()
    assert.deepEqual((await open().hosts()).length, 1, 'the robbed host leaves nothing behind')
  }),

  check('fence: what a dead host had is not written by whoever held it open', async ({ store, open, crash }) => {
    const [dying, heir] = [await store.openHost(), await open().openHost()]
    const record = await created(dying, { key: 'k' })
    await dying.write(aTransition(record, 2))
    await crash(dying)
    const [adopted] = await collect(heir.adopt(yes))
    // A host that only seemed to be dead.
    await assert.rejects(async () => dying.write(aTransition(record, 3)))
    await assert.rejects(async () => dying.write(theEnd(record, 3)))
    await heir.write(theEnd(adopted!.record, 3))
    assert.deepEqual(
      (await store.history(record.pid))?.map(({ revision, epoch }) => [revision, epoch]),
      [
        [1, undefined],
        [2, undefined],
        [3, 1],
      ],
    )
    assert.equal((await heir.create(aRecord({ key: 'k' }))).pid, record.pid)
    await heir.close()
  }),

  check('fence: whoever follows a process hears nothing of what a robbed host writes', async ({ store, open }) => {
    const [robbed, heir] = [await store.openHost(), await open().openHost()]
    const record = await created(robbed)
    const heard: string[] = []
    let isRobbed = false
    for await (const { record: found } of open().follow(record.pid)) {
      if (found.revision > 1) heard.push(`${found.revision} ${found.status} ${found.epoch}`)
      if (isRobbed) continue
      isRobbed = true
      const [adopted] = await rob(open(), robbed, heir)
      await assert.rejects(async () => robbed.write(theEnd(record, 2)), TAKEN)
      await heir.write(aTransition(adopted!, 2))
      await heir.write(theEnd(adopted!, 3))
    }
    assert.deepEqual(heard, ['2 running 1', '3 finished 1'])
    await Promise.all([robbed.close(), heir.close()])
  }),

  check('lost answers: a line that is there already is there once, the last one too', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    for (const line of [aTransition(record, 2), aReport(record, 3, { read: { value: 1 } }), theEnd(record, 4)]) {
      await host.write(line)
      await host.write(line)
    }
    assert.deepEqual(
      (await store.history(record.pid))?.map(({ revision, status }) => `${revision} ${status}`),
      ['1 pending', '2 running', '3 running', '4 finished'],
    )
    await host.close()
  }),

  check('lost answers: a host finds what it owns and does not hold', async ({ store, open }) => {
    const host = await store.openHost()
    const [known, unknown] = [await created(host), await created(host)]
    const found = await collect(host.adopt(yes, no, pid => pid === known.pid))
    assert.deepEqual(found, [{ record: { ...unknown, epoch: 1 }, released: true }])
    assert.deepEqual(await collect(host.adopt(yes, no, yes)), [])
    await host.write(aTransition(found[0]!.record, 2))
    await refusesAll(host, unknown, 3)
    await host.write(aTransition(known, 2))
    assert.equal((await open().get(known.pid))?.host?.id, host.hostId)
    await host.close()
  }),
]
