import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import { JOURNAL_FORMAT } from '../../../src/journal/line.ts'
import { sqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { aRecord, aTransition, collect, created, ended } from '../../../src/testing/conformance/samples.ts'
import { tempDir, treeOf } from '../helpers.ts'
import { readCharts } from '../../../src/store/charts.ts'

const NO_PID = '0'.repeat(20)

/** A store that was used and closed, so that all of it is in the file. */
async function makeStore(file: string): Promise<string> {
  const host = await sqliteStore(file).openHost()
  const { pid } = await ended(host)
  await host.close()
  return pid
}

test('constructing touches nothing; reading what is not there says so', async t => {
  const dir = tempDir(t)
  const file = path.join(dir, 'deep', 'none.sqlite')
  const store = sqliteStore(file)
  for (const read of [
    () => store.get(NO_PID),
    () => collect(store.list()),
    () => store.history(NO_PID),
    () => store.hosts(),
    () => readCharts(store.documents),
    () => collect(store.follow(NO_PID)),
    () => collect(store.trail('log', NO_PID)),
    () => store.find('', 1),
    () => store.delete(NO_PID),
  ]) {
    const error = await t.throwsAsync(
      async () => {
        await read()
      },
      { code: 'ERR_STORE_MISSING' },
    )
    t.true(error!.message.includes(file))
  }
  await store.close()
  t.deepEqual(treeOf(dir), [])
  // Made meanwhile, it is found.
  const host = await sqliteStore(file).openHost()
  t.deepEqual(await collect(store.list()), [])
  await host.close()
})

test('an empty file is no store yet, and becomes one', async t => {
  const file = path.join(tempDir(t), 'empty.sqlite')
  fs.writeFileSync(file, '')
  await t.throwsAsync(sqliteStore(file).get(NO_PID), { code: 'ERR_STORE_MISSING' })
  t.is(fs.readFileSync(file, 'utf8'), '')
  const pid = await makeStore(file)
  t.is((await sqliteStore(file).get(pid))?.record.pid, pid)
})

test('a file is a path, a durability is one of two', t => {
  for (const file of ['', 'a\0b', 5, null, {}])
    t.throws(() => sqliteStore(file as string), { instanceOf: TypeError, message: /got/ })
  for (const durability of ['', 'full', null]) {
    t.throws(() => sqliteStore('a.db', { durability: durability as 'power' }), {
      instanceOf: TypeError,
      message: /'process' or 'power', got/,
    })
  }
})

test('the store is private', async t => {
  const dir = path.join(tempDir(t), 'new')
  const file = path.join(dir, 'store.sqlite')
  const host = await sqliteStore(file).openHost()
  await created(host, { key: 'k' })
  t.deepEqual(
    treeOf(dir).filter(name => !name.endsWith('.sock')),
    ['store.sqlite', 'store.sqlite-hosts', 'store.sqlite-shm', 'store.sqlite-wal'],
  )
  for (const name of ['', ...treeOf(dir)]) {
    const stat = fs.statSync(path.join(dir, name))
    if (!stat.isSocket()) t.is(stat.mode & 0o777, stat.isDirectory() ? 0o700 : 0o600, name)
  }
  await host.close()
})

test('names with characters that mean something in a URL, and links', async t => {
  const dir = tempDir(t)
  const file = path.join(dir, 'a b?mode=memory#100%&é.sqlite')
  const host = await sqliteStore(file).openHost()
  const { pid } = await created(host)
  t.true(fs.existsSync(file))
  const link = path.join(dir, 'link.sqlite')
  fs.symlinkSync(file, link)
  t.is((await sqliteStore(link).get(pid))?.host?.state, 'alive')
  await host.close()
})

test('a directory where the file should be, and a file where a directory should be', async t => {
  const dir = tempDir(t)
  const file = path.join(dir, 'file')
  fs.writeFileSync(file, 'precious')
  const inside = path.join(file, 'sub.sqlite')
  for (const [wrong, open] of [
    [dir, () => sqliteStore(dir).openHost()],
    [dir, () => sqliteStore(dir).get(NO_PID)],
    [inside, () => sqliteStore(inside).openHost()],
  ] as const) {
    const error = await t.throwsAsync(
      async () => {
        await open()
      },
      { code: 'ERR_STORE_ACCESS' },
      wrong,
    )
    t.true(error!.message.includes(wrong))
  }
  t.is(fs.readFileSync(file, 'utf8'), 'precious')
  t.deepEqual(fs.readdirSync(dir), ['file'])
})

for (const [name, bytes] of [
  ['short', 'precious'],
  ['long', 'precious '.repeat(2_000)],
] as const) {
  test(`a ${name} file that is no database is told, and stays as it is`, async t => {
    const dir = tempDir(t)
    const file = path.join(dir, 'notes.db')
    fs.writeFileSync(file, bytes)
    for (const open of [() => sqliteStore(file).openHost(), () => sqliteStore(file).get(NO_PID)]) {
      const error = await t.throwsAsync(
        async () => {
          await open()
        },
        { code: 'ERR_STORE_CORRUPT' },
      )
      t.true(error!.message.includes(file))
    }
    t.is(fs.readFileSync(file, 'utf8'), bytes)
    t.deepEqual(fs.readdirSync(dir), ['notes.db'])
  })
}

test('the database of another program is told, and stays as it is', async t => {
  const dir = tempDir(t)
  const file = path.join(dir, 'theirs.db')
  const theirs = new DatabaseSync(file)
  theirs.exec('CREATE TABLE processes (id); INSERT INTO processes VALUES (7); PRAGMA user_version = 1')
  theirs.close()
  const before = fs.readFileSync(file)
  for (const open of [() => sqliteStore(file).openHost(), () => sqliteStore(file).get(NO_PID)]) {
    await t.throwsAsync(
      async () => {
        await open()
      },
      { code: 'ERR_STORE_ACCESS', message: /theirs\.db.*another program/ },
    )
  }
  t.deepEqual(fs.readFileSync(file), before)
})

test("another user's store", async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  await makeStore(file)
  const before = fs.readFileSync(file)
  const getuid = process.getuid!
  process.getuid = () => 4711
  try {
    for (const open of [() => sqliteStore(file).openHost(), () => sqliteStore(file).get(NO_PID)]) {
      const error = await t.throwsAsync(
        async () => {
          await open()
        },
        { code: 'ERR_STORE_ACCESS', message: /runs as 4711/ },
      )
      t.true(error!.message.includes(file))
    }
  } finally {
    process.getuid = getuid
  }
  t.deepEqual(fs.readFileSync(file), before)
})

test('a store that may not be read or written', async t => {
  const dir = tempDir(t)
  const file = path.join(dir, 'store.sqlite')
  await makeStore(file)
  fs.chmodSync(file, 0o000)
  fs.chmodSync(dir, 0o755)
  if (process.getuid?.() === 0) fs.chownSync(file, 65534, 65534)
  // Root may do everything: somebody else has to try, in a process of its own.
  const script = `
    const { sqliteStore } = await import(${JSON.stringify(new URL('../../../src/store/sqlite/sqlite-store.ts', import.meta.url).href)})
    if (process.getuid() === 0) { process.setgroups([]); process.setegid(65534); process.seteuid(65534); process.getuid = () => 65534 }
    const store = sqliteStore(process.argv[1])
    const codes = []
    for (const call of [() => store.get('0'.repeat(20)), () => store.openHost()]) await call().catch(error => codes.push(error.code))
    console.log(JSON.stringify(codes))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, file], {
    encoding: 'utf8',
  })
  t.is(stdout.trim(), JSON.stringify(['ERR_STORE_ACCESS', 'ERR_STORE_ACCESS']), stderr)
})

test('a database with damaged pages is told', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const host = await sqliteStore(file).openHost()
  for (let i = 0; i < 200; i++) await ended(host)
  await host.close()
  const fd = fs.openSync(file, 'r+')
  const { size } = fs.fstatSync(fd)
  for (let page = 1; page * 4096 < size; page++) fs.writeSync(fd, Buffer.alloc(4096, 0xff), 0, 4096, page * 4096)
  fs.closeSync(fd)
  const error = await t.throwsAsync(collect(sqliteStore(file).list()), { code: 'ERR_STORE_CORRUPT' })
  t.true(error!.message.includes(file))
})

test('journals that cannot be read are told, kept, and stop nobody', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const store = sqliteStore(file)
  const [host, heir] = [await store.openHost(), await store.openHost()]
  const good = [await created(host), await ended(host)]
  const bad = [await created(host), await ended(host), await created(host)]
  const db = new DatabaseSync(file)
  const spoil = db.prepare('UPDATE lines SET line = ? WHERE process = (SELECT id FROM processes WHERE pid = ?)')
  spoil.run('garbage', bad[0]!.pid)
  spoil.run(JSON.stringify({ format: 1, ...aRecord() }), bad[1]!.pid)
  db.prepare('DELETE FROM lines WHERE process = (SELECT id FROM processes WHERE pid = ?)').run(bad[2]!.pid)
  const newer = await created(host)
  spoil.run(JSON.stringify({ format: JOURNAL_FORMAT + 1, ...newer }), newer.pid)
  db.close()
  const told: string[] = []
  const listed = await collect(
    store.list({}, ({ pid, error }) => {
      told.push(pid)
      t.true(error.message.includes(pid) && error.message.includes(file))
    }),
  )
  t.deepEqual(
    listed.map(({ record }) => record.pid),
    good.map(({ pid }) => pid).toReversed(),
  )
  t.deepEqual(told.toSorted(), [...bad, newer].map(({ pid }) => pid).toSorted())
  for (const { pid } of bad) await t.throwsAsync(store.get(pid), { code: 'ERR_STORE_CORRUPT' })
  await t.throwsAsync(store.get(newer.pid), { code: 'ERR_STORE_VERSION' })
  await host.close()
  const adopted = await collect(heir.adopt(() => true))
  t.deepEqual(
    adopted.map(({ record }) => record.pid),
    [good[0]!.pid],
  )
  await heir.write(aTransition(adopted[0]!.record, 2))
  await heir.close()
})

test('Node 22 is kept from warning of its SQLite; other warnings get through', async t => {
  const file = path.join(tempDir(t), 'store.sqlite')
  const script = `
    const { sqliteStore } = await import(${JSON.stringify(new URL('../../../src/store/sqlite/sqlite-store.ts', import.meta.url).href)})
    const emit = process.emitWarning
    const host = await sqliteStore(process.argv[1]).openHost()
    if (process.emitWarning !== emit) throw new Error('emitWarning was not put back')
    process.emitWarning('told')
    await host.close()`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--disable-warning=DEP', '-e', script, file],
    {
      encoding: 'utf8',
    },
  )
  t.is(status, 0, stderr)
  t.notRegex(stderr, /SQLite/)
  t.regex(stderr, /Warning: told/)
})
