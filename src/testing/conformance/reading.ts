import assert from 'node:assert/strict'
import type { ProcessRecord } from '../../record/record.ts'
import { aMemory, aRecord, aReport, aTransition, collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

const pidsOf = (found: readonly { readonly record: ProcessRecord }[]): string[] => found.map(({ record }) => record.pid)

export const readingTests = [
  check('get: a new process is there with everything its record says, and its owner', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host, { key: 'k-1', labels: { user: 'ada' }, deadline: 5 })
    const found = await open().get(record.pid)
    assert.deepEqual(found?.record, record)
    assert.equal(found?.host?.id, host.hostId)
    assert.equal(found?.host?.state, 'alive')
    assert.equal(found?.host?.osPid, process.pid)
    await host.close()
  }),

  check(
    'traces: of the starter and of the attempts under way are kept, and forgotten when they are gone',
    async ({ store }) => {
      const host = await store.openHost()
      const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' }
      const record = await created(host, { trace })
      await host.write(aTransition(record, 2, { traces: { read: trace, 'publish.search': { b3: '1' } } }))
      await host.write(aReport(record, 3, { read: { value: 1 } }))
      const found = (await store.get(record.pid))!.record
      assert.deepEqual(found.trace, trace)
      assert.deepEqual(found.traces, { read: trace, 'publish.search': { b3: '1' } })
      await host.write(aTransition(record, 4))
      const records = (await store.history(record.pid))!
      assert.deepEqual(
        records.map(({ traces }) => Object.keys(traces ?? {}).length),
        [0, 2, 2, 0],
      )
      assert.deepEqual(records.at(-1)!.trace, trace)
      await host.close()
    },
  ),

  check('get: what is no pid is not there', async ({ store }) => {
    const host = await store.openHost()
    for (const pid of [
      '../../../etc/passwd',
      '',
      '.',
      'x',
      '0'.repeat(21),
      'A'.repeat(20),
      `${'0'.repeat(19)}/`,
      undefined,
      null,
      7,
      {},
    ]) {
      assert.equal(await store.get(pid as string), undefined)
      assert.equal(await store.history(pid as string), undefined)
      await assert.rejects(collect(store.follow(pid as string)), { code: 'ERR_UNKNOWN_PROCESS' })
      await assert.rejects(store.delete(pid as string), { code: 'ERR_UNKNOWN_PROCESS' })
    }
    assert.equal(await store.get(aRecord().pid), undefined)
    await host.close()
  }),

  check('fold: a transition replaces the one before; what it does not say is gone', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host, { labels: { a: '1' } })
    await host.write(aTransition(record, 2, { deadline: 99, startedAt: 7, data: { half: true } }))
    await host.write(aTransition(record, 3, { remainingMs: 5 }))
    const found = (await store.get(record.pid))!.record
    assert.deepEqual(found, { ...record, ...aTransition(record, 3, { remainingMs: 5 }) })
    assert.equal('data' in found, false)
    assert.equal('deadline' in found, false)
    await host.close()
  }),

  check('fold: identity is that of the first record, whatever later lines say', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host, { input: { secret: 1 } })
    const forged = {
      ...aTransition(record, 2),
      input: 'other',
      key: 'k',
      labels: { x: 'y' },
      createdAt: 1,
      version: '9',
      shape: 'bad',
      outline: [],
    }
    await host.write(forged)
    const found = (await store.get(record.pid))!.record
    assert.deepEqual(found, { ...record, ...aTransition(record, 2) })
    await host.close()
  }),

  check('fold: progress is merged by step, and forgotten by the next transition', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.write(aTransition(record, 2))
    await host.write(aReport(record, 3, { read: { value: 1, total: 9 } }))
    await host.write(aReport(record, 4, { parse: { value: 5 } }))
    await host.write(aReport(record, 5, { read: { value: 2, message: 'two' } }))
    const reported = (await store.get(record.pid))!.record
    assert.deepEqual(reported.progress, { read: { value: 2, message: 'two' }, parse: { value: 5 } })
    assert.equal(reported.revision, 5)
    assert.equal(reported.at, record.at + 5)
    assert.deepEqual(reported.snapshot, { value: { running: 'read' } })
    await host.write(aTransition(record, 6))
    assert.equal((await store.get(record.pid))!.record.progress, undefined)
    await host.close()
  }),

  check('fold: what a step remembers is of the newest line alone, and keeps the progress', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.write(aTransition(record, 2))
    await host.write(aReport(record, 3, { read: { value: 1 } }))
    await host.write(aMemory(record, 4, [['page-1', { rows: 2 }, 7]]))
    const found = (await store.get(record.pid))!.record
    assert.deepEqual(found.memory, [['page-1', { rows: 2 }, 7]])
    assert.deepEqual(found.progress, { read: { value: 1 } })
    assert.deepEqual(found.event, { type: 'REMEMBER', step: 'read' })
    await host.write(
      aMemory(record, 5, [
        ['page-2', null],
        ['page-3', 'x', 1],
      ]),
    )
    assert.deepEqual(
      (await store.history(record.pid))?.map(({ memory }) => memory?.map(([name]) => name)),
      [undefined, undefined, undefined, ['page-1'], ['page-2', 'page-3']],
    )
    await host.write(aReport(record, 6, { read: { value: 2 } }))
    assert.equal((await store.get(record.pid))!.record.memory, undefined)
    await host.write(aTransition(record, 7))
    assert.equal((await store.history(record.pid))?.length, 7)
    await host.close()
  }),

  check('data: an own __proto__ key is data like any other', async ({ store }) => {
    const host = await store.openHost()
    const input = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":2}}')
    const record = await created(host, { input })
    await host.write(aTransition(record, 2, { data: JSON.parse('{"__proto__":3}') }))
    await host.write(aReport(record, 3, JSON.parse('{"__proto__":{"value":4}}')))
    const found = (await store.get(record.pid))!.record
    assert.equal(JSON.stringify(found.input), '{"__proto__":{"polluted":1},"a":{"__proto__":2}}')
    assert.equal(JSON.stringify(found.data), '{"__proto__":3}')
    assert.equal(JSON.stringify(found.progress), '{"__proto__":{"value":4}}')
    assert.equal(Object.getPrototypeOf(found.progress), Object.prototype)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    await host.close()
  }),

  check('data: any text comes back as it went in', async ({ store }) => {
    const host = await store.openHost()
    const input = [
      'line\nbreak\r\n\u2028',
      '\u0000',
      '\ud800',
      '😀',
      '"\\',
      'ü'.repeat(40_000),
      '',
      null,
      1e300,
      -0.5,
      [[]],
      {},
    ]
    const record = await created(host, { input, key: '../../key\n', labels: { '../x': '\u001b[31m' } })
    assert.deepEqual((await store.get(record.pid))!.record, record)
    await host.close()
  }),

  check('list: newest first, live and ended ones, each once', async ({ store, open }) => {
    const host = await store.openHost()
    const all: string[] = []
    for (let i = 0; i < 20; i++) all.unshift((await (i % 3 === 0 ? created(host) : ended(host))).pid)
    assert.deepEqual(pidsOf(await collect(open().list())), all)
    await host.close()
  }),

  check('list: by status, name and labels', async ({ store }) => {
    const host = await store.openHost()
    const running = await created(host, { status: 'running', labels: { user: 'ada', team: 'a' } })
    const finished = await ended(host, { labels: { user: 'ada' } })
    const failed = await ended(host, { name: 'other' }, { status: 'error', error: { name: 'Error', message: 'no' } })
    const find = async (query: Parameters<typeof store.list>[0]): Promise<string[]> =>
      pidsOf(await collect(store.list(query)))
    assert.deepEqual(await find({ status: ['running'] }), [running.pid])
    assert.deepEqual(await find({ status: ['finished', 'error'] }), [failed.pid, finished.pid])
    assert.deepEqual(await find({ status: ['timeout'] }), [])
    assert.deepEqual(await find({ status: [] }), [])
    assert.deepEqual(await find({ name: 'import-dump' }), [finished.pid, running.pid])
    assert.deepEqual(await find({ labels: { user: 'ada' } }), [finished.pid, running.pid])
    assert.deepEqual(await find({ labels: { user: 'ada', team: 'a' } }), [running.pid])
    assert.deepEqual(await find({ labels: { toString: 'x' } }), [])
    assert.deepEqual(await find({ status: ['finished'], name: 'other' }), [])
    await host.close()
  }),

  check('counts: each process once, by its status, live and ended ones', async ({ store, open }) => {
    const host = await store.openHost()
    const none = {
      pending: 0,
      running: 0,
      sleeping: 0,
      interrupted: 0,
      undoing: 0,
      finished: 0,
      error: 0,
      timeout: 0,
      cancelled: 0,
    }
    assert.deepEqual(await open().counts(), none)
    await created(host)
    await created(host)
    const running = await created(host)
    await host.write(aTransition(running, 2, { status: 'running' }))
    const released = await created(host)
    await host.write(aTransition(released, 2, { status: 'sleeping' }))
    await host.release(released.pid)
    for (const status of ['finished', 'finished', 'cancelled'] as const) {
      const record = await created(host)
      await host.write(aTransition(record, 2, { status }))
    }
    assert.deepEqual(await open().counts(), { ...none, pending: 2, running: 1, sleeping: 1, finished: 2, cancelled: 1 })
    await host.close()
  }),

  check('countsByName: each process once, by its name and status, and the oldest of each', async ({ store, open }) => {
    const host = await store.openHost()
    const reader = open()
    const counts = async (): Promise<unknown> =>
      (await reader.countsByName()).toSorted((a, b) => (`${a.name} ${a.status}` < `${b.name} ${b.status}` ? -1 : 1))
    assert.deepEqual(await counts(), [])
    const oldest = await created(host)
    const { name } = oldest
    const next = await created(host)
    const other = await created(host, { name: 'other' })
    const finished = await ended(host)
    const pending = { name, status: 'pending', count: 2, oldest: oldest.pid }
    const others = { name: 'other', status: 'pending', count: 1, oldest: other.pid }
    assert.deepEqual(await counts(), [{ name, status: 'finished', count: 1, oldest: finished.pid }, pending, others])
    const later = await ended(host)
    await host.write(aTransition(oldest, 2, { status: 'running' }))
    await store.delete(finished.pid)
    assert.deepEqual(await counts(), [
      { name, status: 'finished', count: 1, oldest: later.pid },
      { ...pending, count: 1, oldest: next.pid },
      { name, status: 'running', count: 1, oldest: oldest.pid },
      others,
    ])
    await host.close()
  }),

  check('list: may be left early', async ({ store }) => {
    const host = await store.openHost()
    for (let i = 0; i < 5; i++) await created(host)
    const newest = await created(host)
    for await (const { record } of store.list()) {
      assert.equal(record.pid, newest.pid)
      break
    }
    await host.close()
  }),

  check('find: pids that begin so', async ({ store }) => {
    const host = await store.openHost()
    const one = await created(host)
    const two = await ended(host)
    assert.deepEqual(await store.find(one.pid, 10), [one.pid])
    assert.deepEqual(await store.find(two.pid.slice(0, 18), 10), [two.pid])
    assert.deepEqual((await store.find(one.pid.slice(0, 4), 10)).toSorted(), [one.pid, two.pid].toSorted())
    assert.equal((await store.find('', 1)).length, 1)
    assert.deepEqual(await store.find('', 0), [])
    assert.deepEqual(await store.find('../', 10), [])
    assert.deepEqual(await store.find('zzzz', 10), [])
    await host.close()
  }),

  check('holderOf: the process that has a key, live or ended, until it is deleted', async ({ store, open }) => {
    const host = await store.openHost()
    const live = await created(host, { key: 'one' })
    const over = await ended(host, { key: '../two\n' })
    const submitted = aRecord({ key: 'three' })
    await store.submit(submitted)
    for (const { pid, key } of [live, over, submitted]) assert.equal(await open().holderOf(key!), pid)
    assert.equal(await store.holderOf('four'), undefined)
    assert.equal(await store.holderOf(''), undefined)
    await store.delete(over.pid)
    assert.equal(await store.holderOf(over.key!), undefined)
    await host.close()
  }),

  check('history: every line as a whole record, oldest first', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    const begun = aTransition(record, 2)
    const report = aReport(record, 3, { read: { value: 1 } })
    const end = theEnd(record, 4)
    for (const line of [begun, report, end]) await host.write(line)
    const first = record
    assert.deepEqual(await store.history(record.pid), [
      first,
      { ...first, ...begun },
      { ...first, ...begun, revision: 3, at: report.at, event: report.event, progress: report.progress },
      { ...first, ...end },
    ])
    await host.close()
  }),
]
