import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { encodeFirst } from '../../../src/journal/line.ts'
import { COMPACT_AT, worthKeeping } from '../../../src/journal/worth-keeping.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { aRecord, aReport, aTransition, collect, created, theEnd } from '../../../src/testing/conformance/samples.ts'
import { letDie } from '../../../src/store/hosts/host-presence.ts'
import { journalOf, tempDir } from '../helpers.ts'

const big = 'x'.repeat(1024 * 1024)
const read = { status: 'finished', attempt: 1 } as const
const parse = { status: 'running', attempt: 1 } as const

test('a long journal keeps its first line, the beginning of each step and the newest, and its key', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const record = await created(host, { key: 'k' })
  const file = journalOf(dir, host.hostId, record.pid)
  const followed = (async () => (await collect(store.follow(record.pid))).map(found => found.record.revision))()
  let revision = 1
  for (let i = 0; i < 4; i++) await host.write(aTransition(record, ++revision, { data: big }))
  for (let i = 0; i < 3; i++) await host.write(aTransition(record, ++revision, { steps: { read, parse }, data: big }))
  t.is((await store.history(record.pid))?.length, revision)
  await host.write(aReport(record, ++revision, { parse: { value: 1, message: big } }))
  await host.write(aReport(record, ++revision, { read: { value: 2 } }))
  t.is(revision, 10)
  t.true(fs.statSync(file).size < COMPACT_AT)
  t.deepEqual(
    (await store.history(record.pid))?.map(entry => entry.revision),
    [1, 2, 6, 8, 9, 10],
  )
  t.like((await store.get(record.pid))?.record, { revision: 10, input: record.input, progress: { read: { value: 2 } } })
  t.deepEqual(fs.readdirSync(path.dirname(file)), [`${record.pid}.jsonl`])
  t.is((await host.create(aRecord({ key: 'k' }))).pid, record.pid)
  await host.write(theEnd(record, 11))
  t.is((await followed).at(-1), 11)
  await store.delete(record.pid)
  t.deepEqual(fs.readdirSync(path.join(dir, 'keys')), [])
  await host.close()
})

test('a long journal keeps what commands did, so that none is done again', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const record = await created(host)
  const file = journalOf(dir, host.hostId, record.pid)
  const { ino } = fs.statSync(file)
  let revision = 1
  await host.write(aTransition(record, ++revision, { steps: { read } }))
  await host.write(aTransition(record, ++revision, { steps: { read }, event: { type: 'CHANGE', command: 'one' } }))
  while (fs.statSync(file).ino === ino)
    await host.write(aTransition(record, ++revision, { steps: { read }, data: big }))
  t.deepEqual(
    (await store.history(record.pid))?.map(entry => entry.event.command),
    [undefined, undefined, 'one', undefined],
  )
  await host.write(theEnd(record, ++revision))
  await host.close()
})

test('a reader that lags behind a compaction is told everything, once', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const record = await created(host)
  const file = journalOf(dir, host.hostId, record.pid)
  const followed = store.follow(record.pid)
  const next = async () =>
    ((await followed[Symbol.asyncIterator]().next()).value as { record: { revision: number } }).record.revision
  t.is(await next(), 1)
  let revision = 1
  const { ino } = fs.statSync(file)
  while (fs.statSync(file).ino === ino) await host.write(aTransition(record, ++revision, { data: big }))
  const compacted = revision
  for (let i = 0; i < 3; i++) await host.write(aReport(record, ++revision, { read: { value: i } }))
  for (let expected = 2; expected <= revision; expected++) t.is(await next(), expected)
  t.true(revision > compacted + 2)

  // Of what a second compaction drops before it was read, the newest is left.
  const old = fs.statSync(file).ino
  while (fs.statSync(file).ino === old) await host.write(aTransition(record, ++revision, { data: big }))
  const other = fs.statSync(file).ino
  const dropped = revision + 1
  while (fs.statSync(file).ino === other) await host.write(aTransition(record, ++revision, { data: big }))
  await host.write(aReport(record, ++revision, { read: { value: 9 } }))
  const seen: number[] = []
  while (seen.at(-1) !== revision) seen.push(await next())
  t.deepEqual(
    seen,
    [...new Set(seen)].toSorted((a, b) => a - b),
  )
  t.deepEqual(seen.slice(-2), [revision - 1, revision])
  t.false(seen.includes(dropped))
  await host.write(theEnd(record, ++revision))
  t.is(await next(), revision)
  t.true((await followed[Symbol.asyncIterator]().next()).done)
  await host.close()
})

test('what a step remembers outlives a compaction as long as the step runs', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const record = await created(host)
  let revision = 1
  const memory = (name: string) => ({
    ...aReport(record, ++revision, { [name]: { value: 1 } }),
    memory: [['page', big, 3] as const],
  })
  await host.write(aTransition(record, ++revision, { steps: { read: { ...read, status: 'running' } } }))
  await host.write(memory('read'))
  await host.write(aTransition(record, ++revision, { steps: { read, parse } }))
  await host.write(memory('parse'))
  await host.write(aTransition(record, ++revision, { steps: { read, parse: { ...parse, attempt: 2 } } }))
  for (let i = 0; i < 7; i++) await host.write(memory('parse'))
  t.deepEqual(
    (await store.history(record.pid))?.flatMap(entry => (entry.memory ? [entry.revision] : [])),
    [5, 7, 8, 9, 10, 11, 12, 13],
  )
  t.deepEqual((await store.get(record.pid))?.record.memory, [['page', big, 3]])
  await host.write(aTransition(record, ++revision, { steps: { read, parse: { ...parse, attempt: 3 } } }))
  t.is((await store.get(record.pid))?.record.memory, undefined, 'the newest line has none')
  await host.close()
})

test('a compaction that its host did not survive is settled by the heir', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const [dying, heir] = [await store.openHost(), await store.openHost()]
  const record = await created(dying, { key: 'k' })
  await dying.write(aTransition(record, 2))
  const file = journalOf(dir, dying.hostId, record.pid)
  const draft = path.join(path.dirname(file), `.${record.pid}.jsonl`)
  const [key] = fs.readdirSync(path.join(dir, 'keys'))
  fs.copyFileSync(file, draft)
  fs.rmSync(path.join(dir, 'keys', key!))
  fs.linkSync(draft, path.join(dir, 'keys', key!))
  await letDie(dying)
  const [adopted] = await collect(heir.adopt(() => true))
  t.is(adopted?.record.revision, 2)
  t.false(fs.existsSync(path.dirname(draft)))
  t.is((await heir.create(aRecord({ key: 'k' }))).pid, record.pid)
  t.is(fs.statSync(journalOf(dir, heir.hostId, record.pid)).nlink, 2)
  await heir.write(theEnd(adopted!.record, 3))
  await heir.close()
})

test('a journal that cannot be compacted stays long and whole', async t => {
  const dir = tempDir(t)
  let failing = false
  const renameSync: typeof fs.renameSync = (from, to) => {
    if (failing) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' })
    fs.renameSync(from, to)
  }
  const host = await lowdbStore(dir, { files: { ...fs, renameSync } }).openHost()
  const record = await created(host)
  failing = true
  for (let revision = 2; revision < 12; revision++) await host.write(aTransition(record, revision, { data: big }))
  failing = false
  t.is((await lowdbStore(dir).history(record.pid))?.length, 11)
  t.deepEqual(fs.readdirSync(path.join(dir, 'active', host.hostId)), [`${record.pid}.jsonl`])
  await host.write(theEnd(record, 12))
  await host.close()
})

test('a journal of which everything is worth keeping is not compacted at every line', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const record = await created(host)
  const file = journalOf(dir, host.hostId, record.pid)
  let revision = 1
  let steps: Record<string, typeof read> = {}
  const files = new Set<number>()
  for (let n = 0; n < 14; n++) {
    steps = { ...steps, [`step-${n}`]: read }
    await host.write(aTransition(record, ++revision, { steps, data: big }))
    files.add(fs.statSync(file).ino)
  }
  t.is(files.size, 2)
  await host.write(theEnd(record, ++revision))
  await host.close()
})

test('of what a machine step remembers, the open visits alone are kept', t => {
  const record = aRecord()
  const remember = (revision: number, ...names: string[]) => ({
    pid: record.pid,
    name: record.name,
    status: 'running',
    revision,
    at: record.at,
    event: { type: 'REMEMBER', step: 'read' },
    memory: names.map(name => [name, {}]),
  })
  const change = (revision: number, open: Record<string, number>) =>
    aTransition(record, revision, {
      steps: { read: parse },
      snapshot: {
        value: { running: { read: { machine: 'on' } } },
        machine: {
          snapshot: { status: 'active', value: 'on' },
          timers: [],
          visits: { begun: 11, open },
        },
      },
    })
  const lines = [
    change(2, { think: 1 }),
    remember(3, '#1:page', '#1'),
    change(4, { think: 10, act: 11 }),
    remember(5, '#10:page'),
    remember(6, '#11'),
    change(7, { think: 10 }),
    remember(8, '#10'),
  ].map(line => JSON.stringify(line))
  const kept = worthKeeping([encodeFirst(record).trimEnd(), ...lines], record.pid, 'a file')
  t.deepEqual(
    kept.map(({ position }) => position + 1),
    [1, 2, 5, 7, 8],
  )
})

test('the line in which a step is done is kept: it has its output', t => {
  const record = aRecord()
  const steps = { read: { ...read, status: 'running' } } as const
  const lines = [
    encodeFirst(record),
    ...[
      aTransition(record, 2, { steps }),
      aTransition(record, 3, { steps: { read }, event: { type: 'DONE', step: 'read' } }),
      aTransition(record, 4, { steps: { read } }),
      aTransition(record, 5, { steps: { read } }),
    ].map(line => JSON.stringify(line)),
  ]
  t.deepEqual(
    worthKeeping(lines, record.pid, '').map(({ position }) => position),
    [0, 1, 2, 4],
  )
})
