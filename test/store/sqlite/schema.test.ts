import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import { Database } from '../../../src/store/sqlite/database.ts'
import { MIGRATIONS, migrate, versionOf } from '../../../src/store/sqlite/schema.ts'
import { sqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { aRecord, aTransition, collect, created, ended } from '../../../src/testing/conformance/samples.ts'
import { tempDir } from '../helpers.ts'

const open = (file: string): Database => new Database(file, new DatabaseSync(file))
const FIRST = 'CREATE TABLE things (name TEXT) STRICT'
const SECOND = "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7; UPDATE things SET name = name || '!'"

test('each migration is run once, in order, and keeps what was there', t => {
  const file = path.join(tempDir(t), 'any.db')
  const db = open(file)
  t.is(versionOf(db), 0)
  migrate(db, [FIRST])
  db.run('INSERT INTO things VALUES (?)', 'one')
  migrate(db, [FIRST])
  t.is(versionOf(db, 1), 1)
  migrate(open(file), [FIRST, SECOND])
  migrate(db, [FIRST, SECOND])
  t.is(versionOf(db, 2), 2)
  t.deepEqual({ ...db.get<object>('SELECT * FROM things') }, { name: 'one!', size: 7 })
  t.throws(() => versionOf(db, 1), { code: 'ERR_STORE_VERSION', message: /any\.db has format 2.*up to 1/ })
})

test('a migration that fails leaves all as it was', t => {
  const db = open(path.join(tempDir(t), 'any.db'))
  migrate(db, [FIRST])
  t.throws(() => migrate(db, [FIRST, SECOND, 'CREATE TABLE things (again)']), { message: /already exists/ })
  t.is(versionOf(db), 1)
  t.deepEqual(
    db.all<{ name: string }>("SELECT name FROM pragma_table_info('things')").map(({ name }) => name),
    ['name'],
  )
})

test.serial(
  'a host brings an older store to the newest schema, a reader leaves it alone, an older version refuses the newer one',
  async t => {
    const file = path.join(tempDir(t), 'store.sqlite')
    const host = await sqliteStore(file).openHost()
    const live = await created(host, { key: 'k', labels: { user: 'ada' } })
    const done = await ended(host)
    await host.close()
    const newest = MIGRATIONS.length
    ;(MIGRATIONS as string[]).push('ALTER TABLE documents ADD COLUMN more TEXT')
    try {
      await t.throwsAsync(sqliteStore(file).get(done.pid), {
        code: 'ERR_STORE_VERSION',
        message: new RegExp(`has format ${newest}, from an older`),
      })
      const heir = await sqliteStore(file).openHost()
      const [adopted] = await collect(heir.adopt(() => true))
      t.deepEqual(adopted?.record, { ...live, epoch: 1 })
      await heir.write(aTransition(adopted!.record, 2))
      t.is((await heir.create(aRecord({ key: 'k' }))).pid, live.pid)
      t.is((await sqliteStore(file).get(done.pid))?.record.status, 'finished')
      t.deepEqual(
        (await collect(sqliteStore(file).list({ labels: { user: 'ada' } }))).map(({ record }) => record.revision),
        [2],
      )
      await heir.release(live.pid, 1)
      await heir.close()
    } finally {
      ;(MIGRATIONS as string[]).pop()
    }
    const newer = {
      code: 'ERR_STORE_VERSION',
      message: new RegExp(`store\\.sqlite has format ${newest + 1}.*up to ${newest}`),
    }
    await t.throwsAsync(sqliteStore(file).openHost(), newer)
    await t.throwsAsync(collect(sqliteStore(file).list()), newer)
  },
)
