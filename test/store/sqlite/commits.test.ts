import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { mock } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { Commits } from '../../../src/store/sqlite/commits.ts'
import { Database } from '../../../src/store/sqlite/database.ts'
import { sqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { COMPACT_AT } from '../../../src/journal/worth-keeping.ts'
import {
  aRecord,
  aReport,
  aTransition,
  collect,
  created,
  ended,
  theEnd,
} from '../../../src/testing/conformance/samples.ts'
import { tempDir } from '../helpers.ts'

function counting(t: ExecutionContext) {
  const connection = new DatabaseSync(path.join(tempDir(t), 'any.db'))
  connection.exec('CREATE TABLE numbers (n INTEGER UNIQUE CHECK (n < 100))')
  const db = new Database('any.db', connection)
  let count = 0
  const commits = new Commits(db, () => (count += 1))
  return {
    add: (n: number) => commits.add(() => db.run('INSERT INTO numbers VALUES (?)', n)),
    commits,
    db,
    numbers: () => db.all<{ n: number }>('SELECT n FROM numbers ORDER BY n').map(({ n }) => n),
    count: () => count,
  }
}

test.serial('what is asked for in one turn is one commit, and is there when its promise resolves', async t => {
  // A turn has a budget, which must not end because other programs keep the machine busy.
  const time = mock.method(performance, 'now', () => 0)
  t.teardown(() => time.mock.restore())
  const { add, numbers, count } = counting(t)
  const all = Promise.all([1, 2, 3].map(add))
  t.deepEqual(numbers(), [])
  await all
  t.deepEqual(numbers(), [1, 2, 3])
  t.is(count(), 1)
  await add(4)
  t.is(count(), 2)
})

test('one that fails takes nobody with it', async t => {
  const { add, commits, numbers } = counting(t)
  const results = await Promise.allSettled([
    add(1),
    add(1_000),
    add(1),
    commits.add(() => {
      throw new RangeError('its own')
    }),
    add(2),
  ])
  t.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
  )
  t.is((results[1] as PromiseRejectedResult).reason.code, 'ERR_STORE_WRITE')
  t.true((results[3] as PromiseRejectedResult).reason instanceof RangeError)
  t.deepEqual(numbers(), [1, 2])
})

// Alone: what other tests do at the same time would hold up the loop too, for longer than the store
// waits.
test.serial('a write waits for another program that writes, and the event loop goes on', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const store = sqliteStore(file)
  const host = await store.openHost()
  const record = await created(host)
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  let written = false
  const writing = host.write(aTransition(record, 2))?.then(() => (written = true))
  // A wait within SQLite would let no timer ring.
  for (let rung = 0; rung < 20; rung++) await delay(1)
  t.false(written)
  t.is((await store.get(record.pid))?.record.revision, 1)
  other.exec('COMMIT')
  await writing
  other.close()
  t.is((await store.get(record.pid))?.record.revision, 2)
  await host.close()
})

test('a full disk fails the write, which may then be tried again', async t => {
  const { commits, db } = counting(t)
  const write = (): Promise<number> => commits.add(() => db.run('INSERT INTO texts VALUES (?)', 'x'.repeat(100_000)))
  db.exec('CREATE TABLE texts (text); PRAGMA max_page_count = 10')
  for (let i = 0; i < 2; i++) {
    const results = await Promise.allSettled([write(), write()])
    for (const result of results)
      t.like(result, {
        status: 'rejected',
        reason: { code: 'ERR_STORE_WRITE', message: 'Could not write any.db: database or disk is full' },
      })
  }
  db.exec('PRAGMA max_page_count = 1000')
  await write()
  t.is(db.get<{ n: number }>('SELECT count(*) AS n FROM texts')!.n, 1)
})

test('an adopter that stops early keeps only what it was given', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const store = sqliteStore(file)
  const [dying, heir] = [await store.openHost(), await store.openHost()]
  for (let i = 0; i < 120; i++) await created(dying)
  await dying.close()
  for await (const { record } of heir.adopt(() => true)) {
    t.is(record.revision, 1)
    break
  }
  await t.throwsAsync(
    collect(
      heir.adopt(() => {
        throw new RangeError('no')
      }),
    ),
    { instanceOf: RangeError },
  )
  t.is((await collect(heir.adopt(() => true))).length, 119)
  await heir.close()
})

test('a long journal keeps its first line, the beginning of each step and the newest', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const store = sqliteStore(file)
  const host = await store.openHost()
  const big = 'x'.repeat(1024 * 1024)
  const read = { status: 'finished', attempt: 1 } as const
  const parse = { status: 'running', attempt: 1 } as const
  const record = await created(host, { key: 'k' })
  const followed = (async () => (await collect(store.follow(record.pid))).map(found => found.record.revision))()
  let revision = 1
  for (let i = 0; i < 4; i++) await host.write(aTransition(record, ++revision, { data: big }))
  for (let i = 0; i < 3; i++) await host.write(aTransition(record, ++revision, { steps: { read, parse }, data: big }))
  t.is((await store.history(record.pid))?.length, revision)
  await host.write(aReport(record, ++revision, { parse: { value: 1, message: big } }))
  await host.write(aReport(record, ++revision, { read: { value: 2 } }))
  t.true(revision * big.length > COMPACT_AT)
  t.deepEqual(
    (await store.history(record.pid))?.map(entry => entry.revision),
    [1, 2, 6, 8, 9, 10],
  )
  t.like((await store.get(record.pid))?.record, { revision: 10, input: record.input, progress: { read: { value: 2 } } })
  await host.write(theEnd(record, 11))
  t.is((await followed).at(-1), 11)
  await host.close()
})

test('an expiry of thousands lets the event loop go on, and leaves nothing', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const store = sqliteStore(file)
  const host = await store.openHost()
  await Promise.all(
    Array.from({ length: 2_000 }, (_, i) =>
      ended(host, { labels: { n: String(i) }, ...(i % 10 === 0 && { key: `k${i}` }) }),
    ),
  )
  let turns = 0
  let counting = true
  const count = (): void => {
    turns += 1
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  t.is(await host.expire(Infinity, Infinity), 2_000)
  t.true(turns > 20, `${turns} turns`)
  counting = false
  await host.close()
  const db = new DatabaseSync(file)
  for (const table of ['processes', 'lines', 'labels', 'logs'])
    t.is(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()!['n'], 0, table)
  db.close()
})

test('of two with one key in one turn, one is made', async t => {
  const host = await sqliteStore(path.join(tempDir(t), 'store.sqlite')).openHost()
  const [one, two] = [aRecord({ key: 'k' }), aRecord({ key: 'k' })]
  t.deepEqual(await Promise.all([host.create(one), host.create(two)]), [
    { pid: one.pid, created: true },
    { pid: one.pid, created: false },
  ])
  await host.close()
})
