import { setTimeout as delay } from 'node:timers/promises'
import assert from 'node:assert/strict'
import { createPid } from '../../record/pid.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { HostStore } from '../../store/store.ts'
import { aRecord, aSubmission, aTransition, collect, created, theEnd } from './samples.ts'
import { check } from './suite.ts'

const yes = (): boolean => true

/**
 * Does `act` until it wakes the host: a wake-up may go unheard on a machine that is busy, and hosts
 * also poll.
 */
async function untilWoken(host: HostStore, act: () => Promise<unknown>): Promise<void> {
  const woken = new Promise<true>(resolve => {
    host.onWake(() => resolve(true))
  })
  do await act()
  while (!(await Promise.race([woken, delay(500, false)])))
}

async function takeOne(host: HostStore): Promise<ProcessRecord | undefined> {
  for await (const record of host.take(yes)) return record
  return undefined
}

export const steeringTests = [
  check('history: the id of a command is read back from the history', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    const event = { type: 'PROCEED', step: 'read', command: createPid(Date.UTC(2030, 0, 1)) }
    await host.write(aTransition(record, 2, { event }))
    await host.write(aTransition(record, 3))
    assert.deepEqual((await open().history(record.pid))?.[1]?.event, event)
    await host.close()
  }),

  check('submit: it is there, pending and without a host', async ({ store, open }) => {
    const record = aSubmission({ labels: { user: 'ada' } })
    assert.deepEqual(await store.submit(record), { pid: record.pid, created: true })
    assert.deepEqual(await open().get(record.pid), { record })
    assert.deepEqual(
      (await collect(open().list({ status: ['pending'] }))).map(found => found.record),
      [record],
    )
    const host = await store.openHost()
    assert.deepEqual(await collect(host.adopt(yes)), [])
    await assert.rejects(store.submit(aSubmission({ pid: '../escape' })), TypeError)
    await host.close()
  }),

  check('submit: a key stands for one process, submitted or started', async ({ store, open }) => {
    const host = await store.openHost()
    const first = aSubmission({ key: 'k' })
    await store.submit(first)
    assert.deepEqual(await open().submit(aSubmission({ key: 'k' })), { pid: first.pid, created: false })
    assert.deepEqual(await host.create(aRecord({ key: 'k' })), { pid: first.pid, created: false })
    const taken = await takeOne(host)
    await host.complete({ ...taken!, version: '1', shape: 'f00' })
    assert.deepEqual(await open().submit(aSubmission({ key: 'k' })), { pid: first.pid, created: false })
    await host.write(theEnd(first, 2))
    assert.deepEqual(await open().submit(aSubmission({ key: 'k' })), { pid: first.pid, created: false })
    assert.equal((await collect(store.list())).length, 1)
    await open().delete(first.pid)
    assert.equal((await open().submit(aSubmission({ key: 'k' }))).created, true)
    await host.close()
  }),

  check('submit: wakes the hosts', async ({ store, open }) => {
    const host = await store.openHost()
    await untilWoken(host, () => open().submit(aSubmission()))
    await host.close()
  }),

  check('take: in order of submission, as many as are wanted, what is accepted', async ({ store, open }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const [first, strange, second, third] = [
      aSubmission(),
      aSubmission({ name: 'strange' }),
      aSubmission(),
      aSubmission(),
    ]
    for (const record of [third, strange, first, second]) await store.submit(record)
    const known = ({ name }: ProcessRecord): boolean => name !== 'strange'
    const taken: string[] = []
    for await (const { pid } of one.take(known)) if (taken.push(pid) === 2) break
    assert.deepEqual(taken, [first.pid, second.pid])
    assert.equal((await open().get(first.pid))?.host?.id, one.hostId)
    assert.deepEqual(
      (await collect(other.take(known))).map(({ pid }) => pid),
      [third.pid],
    )
    assert.deepEqual((await store.get(strange.pid))?.record.status, 'pending')
    await Promise.all([one.close(), other.close()])
  }),

  check('take: what is to be skipped is not asked about', async ({ store }) => {
    const host = await store.openHost()
    const [first, second, third] = [aSubmission(), aSubmission(), aSubmission()]
    for (const record of [first, second, third]) await store.submit(record)
    const asked: string[] = []
    const accept = ({ pid }: ProcessRecord): boolean => asked.push(pid) > 0
    const taken = await collect(host.take(accept, pid => pid === second.pid))
    assert.deepEqual(
      taken.map(({ pid }) => pid),
      [first.pid, third.pid],
    )
    assert.ok(!asked.includes(second.pid))
    assert.equal((await store.get(second.pid))?.record.status, 'pending')
    await host.close()
  }),

  check('take, complete: whoever looks at the whole store is told', async ({ store, open }) => {
    const host = await store.openHost()
    const submitted = aSubmission()
    await store.submit(submitted)
    const steps = [
      async () => void (await takeOne(host)),
      () => host.complete({ ...submitted, version: '1', shape: 'f00', outline: aRecord().outline }),
    ]
    let told = 0
    for await (const pids of open().changes(AbortSignal.timeout(30_000))) {
      assert.deepEqual(pids, [submitted.pid])
      const next = steps[told]
      told += 1
      if (next === undefined) break
      await next()
    }
    assert.equal(told, 3)
    assert.equal((await store.get(submitted.pid))?.record.version, '1')
    await host.close()
  }),

  check('take: each goes to exactly one host', async ({ store, open }) => {
    const hosts = [await store.openHost(), await open().openHost(), await open().openHost()]
    const pids = new Set<string>()
    for (let i = 0; i < 60; i++) pids.add((await store.submit(aSubmission())).pid)
    const taken = (await Promise.all(hosts.map(host => collect(host.take(yes))))).flat().map(({ pid }) => pid)
    assert.equal(taken.length, 60)
    assert.deepEqual(new Set(taken), pids)
    await Promise.all(hosts.map(host => host.close()))
  }),

  check('complete: replaces the first record, and the journal goes on', async ({ store, open, crash }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const submitted = aSubmission({ key: 'k', input: { raw: '1' } })
    await store.submit(submitted)
    const seen: (string | number)[] = []
    for await (const { record } of open().follow(submitted.pid)) {
      seen.push(record.revision, record.version)
      if (record.revision === 1) {
        await takeOne(one)
        const whole = { ...submitted, version: '2', shape: 'f00', input: { raw: 1 }, outline: aRecord().outline }
        await one.complete(whole)
        await one.complete(whole)
        assert.deepEqual((await open().get(submitted.pid))?.record, whole)
        await one.write(aTransition(submitted, 2))
      }
      if (record.revision === 2) {
        await crash(one)
        const [adopted] = await collect(other.adopt(yes))
        await other.write(theEnd(adopted!.record, 3))
      }
    }
    assert.deepEqual(seen, [1, '', 2, '2', 3, '2'])
    assert.deepEqual(await other.create(aRecord({ key: 'k' })), { pid: submitted.pid, created: false })
    assert.equal((await store.history(submitted.pid))?.length, 3)
    await other.close()
  }),

  check('take: what a host that died had only taken is adopted', async ({ store, open, crash }) => {
    const [one, other] = [await store.openHost(), await open().openHost()]
    const submitted = aSubmission({ key: 'k' })
    await store.submit(submitted)
    await takeOne(one)
    await crash(one)
    const adopted = { ...submitted, epoch: 1 }
    assert.deepEqual(await collect(other.adopt(yes)), [{ record: adopted, released: false }])
    await other.complete({ ...adopted, version: '1', shape: 'f00' })
    await other.write(theEnd(adopted, 2))
    assert.equal((await open().get(submitted.pid))?.record.status, 'finished')
    await other.close()
  }),
]
