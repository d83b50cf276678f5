import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import type { Files } from '../../../src/store/files.ts'
import { Folders } from '../../../src/store/lowdb/folders.ts'
import { Keys } from '../../../src/store/lowdb/keys.ts'
import { lowdbStore } from '../../../src/store/lowdb-store.ts'
import { aRecord, created, ended } from '../../../src/testing/conformance/samples.ts'
import { journalOf, tempDir } from '../helpers.ts'

const FAR = Date.UTC(2200, 0, 1)
const keysIn = (dir: string): string[] => fs.readdirSync(path.join(dir, 'keys'))

test('a key whose journal somebody removed by hand is free again', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const lost = await created(host, { key: 'k' })
  fs.rmSync(journalOf(dir, host.hostId, lost.pid))
  const next = aRecord({ key: 'k' })
  t.deepEqual(await host.create(next), { pid: next.pid, created: true })
  t.is((await host.create(aRecord({ key: 'k' }))).pid, next.pid)
  t.is(keysIn(dir).length, 1)
  await host.close()
})

test('expire drops keys whose journals are gone, and no others', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const [lost] = [await created(host, { key: 'lost' }), await created(host, { key: 'live' })]
  await ended(host, { key: 'ended' })
  fs.rmSync(journalOf(dir, host.hostId, lost.pid))
  t.is(keysIn(dir).length, 3)
  t.is(await host.expire(0, 0), 0)
  t.is(keysIn(dir).length, 2)
  t.is(await host.expire(FAR, FAR), 1)
  t.is(keysIn(dir).length, 1)
  t.deepEqual(fs.readdirSync(path.join(dir, 'ended')), [])
  await host.close()
})

test('a key after a power failure, with nothing in it, is free', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  await created(host, { key: 'k' })
  const [name] = keysIn(dir)
  fs.rmSync(path.join(dir, 'keys', name!))
  fs.writeFileSync(path.join(dir, 'keys', name!), '')
  t.true((await host.create(aRecord({ key: 'k' }))).created)
  await host.close()
})

test('a removal that died half way is finished later', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const { pid } = await ended(host, { key: 'k' })
  const folder = path.join(dir, 'ended', pid.slice(0, 4))
  const taken = path.join(folder, `.${pid}.finished.jsonl.abcdefghijk`)
  fs.renameSync(path.join(folder, `${pid}.finished.jsonl`), taken)
  t.is(await lowdbStore(dir).get(pid), undefined)
  t.is(await host.expire(FAR, FAR), 0)
  t.true(fs.existsSync(taken))
  // A minute on, it counts as dead.
  const now = Date.now
  Date.now = () => now() + 120_000
  try {
    t.is(await host.expire(FAR, FAR), 1)
  } finally {
    Date.now = now
  }
  t.false(fs.existsSync(folder))
  t.deepEqual(keysIn(dir), [])
  await host.close()
})

test('a key that is freed while another host looks at it is not taken away from the one who claims it next', async t => {
  const dir = tempDir(t)
  const other = await lowdbStore(dir).openHost()
  const old = await ended(other, { key: 'k' })
  const [fresh, late] = [await created(other), await created(other)]
  const key = path.join(dir, 'keys', keysIn(dir)[0]!)
  const taken = path.join(dir, 'taken')
  const renamed: string[] = []
  let looks = 0
  const files: Files = {
    ...fs,
    fstatSync(fd) {
      // The last look: somebody removes the old journal, its key first, and the next one claims it.
      if (++looks === 2) {
        fs.renameSync(path.join(dir, 'ended', old.pid.slice(0, 4), `${old.pid}.finished.jsonl`), taken)
        fs.rmSync(key)
        fs.linkSync(journalOf(dir, other.hostId, fresh.pid), key)
      }
      return fs.fstatSync(fd)
    },
    renameSync(from, to) {
      renamed.push(from)
      fs.renameSync(from, to)
    },
  } as Files
  const keys = new Keys(files, new Folders(dir))
  t.is(keys.claim('k', late.pid, journalOf(dir, other.hostId, late.pid)), fresh.pid)
  t.false(renamed.includes(key), 'for a moment nobody would have had it')
  await other.close()
})
