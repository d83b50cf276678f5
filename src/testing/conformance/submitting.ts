import assert from 'node:assert/strict'
import { createPids } from '../../record/pid.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { aSubmission, collect, ended } from './samples.ts'
import { check } from './suite.ts'

const yes = (): boolean => true

/** `count` submissions, in the order of their pids. */
const submissions = (count: number, changes: (index: number) => Partial<ProcessRecord> = () => ({})): ProcessRecord[] =>
  createPids(Date.now(), count).map((pid, index) => aSubmission({ pid, ...changes(index) }))

/** Many processes are submitted at once. */
export const submittingTests = [
  check('submitMany: all are there, in their order, and hosts take them', async ({ store, open }) => {
    const records = submissions(250, index => ({ input: { index }, labels: { n: String(index) } }))
    const expected = records.map(({ pid }) => ({ pid, created: true }))
    assert.deepEqual(await store.submitMany(records), expected)
    assert.deepEqual((await open().get(records[70]!.pid))?.record, records[70])
    const host = await store.openHost()
    const taken = await collect(host.take(yes))
    assert.deepEqual(
      taken.map(({ pid }) => pid),
      records.map(({ pid }) => pid),
    )
    assert.equal((await collect(open().list({ labels: { n: '249' } }))).length, 1)
    assert.deepEqual(await store.submitMany([]), [])
    await host.close()
  }),

  check('submitMany: who has a key already is returned, also if it is one of them', async ({ store }) => {
    const host = await store.openHost()
    const old = await ended(host, { key: 'old' })
    const [one, two, three, four] = submissions(4, index => ({ key: ['new', 'old', 'new', 'other'][index]! }))
    assert.deepEqual(await store.submitMany([one!, two!, three!, four!]), [
      { pid: one!.pid, created: true },
      { pid: old.pid, created: false },
      { pid: one!.pid, created: false },
      { pid: four!.pid, created: true },
    ])
    assert.equal(await store.get(two!.pid), undefined)
    assert.equal(await store.get(three!.pid), undefined)
    await host.close()
  }),
]
