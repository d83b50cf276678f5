import assert from 'node:assert/strict'
import { fold } from '../../journal/line.ts'
import type { ProcessRecord, TrailEntries } from '../../record/record.ts'
import { aMemory, aRecord, aReport, aTransition, collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

const FAR = Date.UTC(2200, 0, 1)
const trails: TrailEntries = {
  log: ['one', 'two'].map((message, i) => ({ at: 1_000 + i, step: 'read', attempt: 1, message, fields: { i } })),
  stream: [
    { offset: 0, step: 'read', attempt: 1, chunks: ['one', { two: 2 }] },
    { offset: 2, step: 'read', attempt: 1, item: 3, once: 'ask', chunks: [null] },
    { offset: 3, step: 'read', attempt: 2, reset: true },
  ],
}

export const importingTests = [
  check(
    'import: a process that ended elsewhere is there with its history, its log, its stream and its key',
    async ({ store, open }) => {
      const host = await store.openHost()
      const labels = { user: 'ada' }
      const origin = await created(host, { key: 'k', labels, input: { any: ['\ud800', '\u0000'] } })
      await host.write(aTransition(origin, 2, { data: { half: true } }))
      await host.write(aReport(origin, 3, { read: { value: 1 } }))
      await host.write(aReport(origin, 4, JSON.parse('{"parse":{"value":2},"__proto__":{"value":3}}')))
      await host.write(theEnd(origin, 5, { status: 'error', error: { name: 'Error', message: 'no' } }))
      const history = (await store.history(origin.pid))!
      await store.delete(origin.pid)

      assert.deepEqual(await host.import(history, trails), { pid: origin.pid, created: true })
      assert.deepEqual(await open().history(origin.pid), history)
      assert.deepEqual(await open().get(origin.pid), { record: history.at(-1) })
      assert.deepEqual(await collect(open().trail('log', origin.pid)), trails.log)
      assert.deepEqual(await collect(open().trail('stream', origin.pid)), trails.stream)
      for (const query of [{}, { status: ['error'] as const }, { name: origin.name }, { labels }]) {
        assert.deepEqual(await collect(open().list(query)), [{ record: history.at(-1) }])
      }
      assert.deepEqual(await host.create(aRecord({ key: 'k' })), { pid: origin.pid, created: false })
      await assert.rejects(async () => host.write(aTransition(origin, 6)), { code: 'ERR_PROCESS_TAKEN' })
      await host.close()
      assert.deepEqual(await open().hosts(), [])
    },
  ),

  check('import: does nothing where the pid or the key is taken', async ({ store }) => {
    const host = await store.openHost()
    const record = await ended(host, { key: 'k' })
    const before = await store.history(record.pid)
    const other = { ...before![0]!, input: 'other' }
    assert.deepEqual(await host.import([other, { ...other, ...theEnd(record, 2) }], trails), {
      pid: record.pid,
      created: false,
    })
    const rival = aRecord({ key: 'k' })
    assert.deepEqual(await host.import([rival, { ...rival, ...theEnd(rival, 2) }], trails), {
      pid: record.pid,
      created: false,
    })
    assert.equal(await store.get(rival.pid), undefined)
    assert.deepEqual(await store.history(record.pid), before)
    for (const trail of ['log', 'stream'] as const) assert.deepEqual(await collect(store.trail(trail, record.pid)), [])
    await host.close()
  }),

  check('import: not what is no history of a process', async ({ store }) => {
    const host = await store.openHost()
    for (const history of [[], [aRecord({ pid: '../x', status: 'finished' })]]) {
      await assert.rejects(host.import(history, { log: [], stream: [] }), TypeError)
    }
    assert.deepEqual(await collect(store.list()), [])
    await host.close()
  }),

  check('import: a process that was let go elsewhere goes on with the next host', async ({ store, open }) => {
    const host = await store.openHost()
    const first = aRecord({ key: 'k', labels: { user: 'ada' } })
    const lines = [
      aTransition(first, 2, { epoch: 3, data: { half: true } }),
      { ...aMemory(first, 3, [['ask', 'yes', 4]]), epoch: 3 },
      { ...aReport(first, 4, { read: { value: 1 } }), epoch: 3 },
      { ...aMemory(first, 5, [['ask-more', null]]), epoch: 3 },
    ]
    const history = lines.reduce<ProcessRecord[]>((all, line) => [...all, fold(all.at(-1)!, line)], [first])
    assert.deepEqual(await host.import(history, trails), { pid: first.pid, created: true })
    assert.deepEqual(await open().get(first.pid), { record: history.at(-1) })
    assert.deepEqual(await open().history(first.pid), history)
    assert.deepEqual(await collect(host.take(() => true)), [])
    await host.close()

    const heir = await open().openHost()
    const [adopted] = await collect(heir.adopt(() => true))
    assert.equal(adopted?.released, true)
    const { epoch = 0, ...record } = adopted.record
    assert.ok(epoch > 3, `epoch ${epoch}`)
    const { epoch: _, ...newest } = history.at(-1)!
    assert.deepEqual(record, newest)
    await heir.write(theEnd(adopted.record, 6, { epoch }))
    assert.deepEqual((await open().history(first.pid))!.slice(0, 5), history)
    assert.deepEqual(await collect(open().trail('log', first.pid)), trails.log)
    assert.deepEqual(await heir.create(aRecord({ key: 'k' })), { pid: first.pid, created: false })
    await heir.close()
  }),

  check('import: what nobody had taken elsewhere is taken', async ({ store, open }) => {
    const host = await store.openHost()
    const submission = aRecord({ version: '', shape: '', outline: [] })
    await host.import([submission], { log: [], stream: [] })
    assert.deepEqual(await open().get(submission.pid), { record: submission })
    assert.deepEqual(await collect(host.adopt(() => true)), [])
    assert.deepEqual(
      (await collect(host.take(() => true))).map(({ pid }) => pid),
      [submission.pid],
    )
    await host.complete({ ...submission, version: '1' })
    await host.write(theEnd(submission, 2))
    await host.close()
  }),

  check('import: expires by when it ended, not by when it was imported', async ({ store }) => {
    const host = await store.openHost()
    const record = aRecord({ key: 'k' })
    const end = { ...record, ...theEnd(record, 2) }
    await host.import([record, end], trails)
    assert.equal(await host.expire(FAR, end.at - 1_000), 0)
    assert.equal(await host.expire(FAR, end.at + 1_000), 1)
    assert.equal((await host.create(aRecord({ key: 'k' }))).created, true)
    await host.close()
  }),
]
