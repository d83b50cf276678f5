import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import type { Files } from '../../../src/journal/files.ts'
import { encodeFirst } from '../../../src/journal/line.ts'
import { Paths } from '../../../src/store/lowdb/paths.ts'
import { Keys } from '../../../src/store/lowdb/keys.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { aRecord, created, ended, theEnd } from '../../../src/testing/conformance/samples.ts'
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
  await host.write(theEnd(next, 2))
  await lowdbStore(dir).delete(next.pid)
  t.true((await host.create(aRecord({ key: 'k' }))).created)
  await host.close()
})

test('expire frees the space of keys whose journals are gone, and of no others', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const [lost] = [await created(host, { key: 'lost' }), await created(host, { key: 'live' })]
  await ended(host, { key: 'ended' })
  const sizes = (): number[] => keysIn(dir).map(name => fs.statSync(path.join(dir, 'keys', name)).size)
  fs.rmSync(journalOf(dir, host.hostId, lost.pid))
  t.false(sizes().includes(0))
  t.is(await host.expire(0, 0), 0)
  t.is(sizes().filter(size => size === 0).length, 1)
  t.is(await host.expire(FAR, FAR), 1)
  t.is(sizes().filter(size => size > 0).length, 1)
  t.deepEqual(fs.readdirSync(path.join(dir, 'ended')), [])
  t.true((await host.create(aRecord({ key: 'lost' }))).created)
  t.false((await host.create(aRecord({ key: 'lost' }))).created)
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
      if (++looks === 1) {
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
  const keys = new Keys(files, new Paths(dir))
  t.is(keys.claim('k', late.pid, journalOf(dir, other.hostId, late.pid)), fresh.pid)
  t.false(renamed.includes(key), 'for a moment nobody would have had it')
  await other.close()
})

test('a key whose journal is gone goes to one of three who claim it, wherever the others come in between', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const claimants = [await created(host), await created(host), await created(host)]
  const paths = new Paths(dir)
  const claim = (files: Files, key: string, who: number): string => {
    const { pid } = claimants[who]!
    return new Keys(files, paths).claim(key, pid, journalOf(dir, host.hostId, pid))
  }
  let rounds = 0
  for (let first = 1, more = true; more; first++) {
    more = false
    for (let second = first, reached = true; reached; second++) {
      const key = `k${++rounds}`
      const lost = await created(host, { key })
      fs.rmSync(journalOf(dir, host.hostId, lost.pid))
      const given: string[] = []
      let calls = 0
      const between = (call: string) =>
        function (this: unknown, ...args: unknown[]) {
          calls += 1
          if (calls === first) given.push(claim(fs, key, 1))
          if (calls === second) given.push(claim(fs, key, 2))
          return (fs as unknown as Record<string, (...all: unknown[]) => unknown>)[call]!(...args)
        }
      const hooked = ['openSync', 'fstatSync', 'statSync', 'linkSync', 'renameSync', 'unlinkSync', 'closeSync'].map(
        call => [call, between(call)],
      )
      given.push(claim({ ...fs, ...Object.fromEntries(hooked) } as Files, key, 0))
      t.is(new Set(given).size, 1, `${given.join(', ')}: at calls ${first} and ${second}`)
      reached = calls > second
      more ||= calls > first
    }
  }
  t.true(rounds > 20)
  await host.close()
})

test('a key follows its journal into the file that takes its place', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const { pid } = await created(host, { key: 'k' })
  const journal = journalOf(dir, host.hostId, pid)
  const copy = path.join(dir, 'copy.jsonl')
  fs.copyFileSync(journal, copy)
  const paths = new Paths(dir)
  t.is(new Keys(fs, paths).claim('k', pid, copy), pid)
  t.is(fs.statSync(paths.key('k')).ino, fs.statSync(copy).ino)
  await host.close()
})

test('a submission that loses its key to one who was faster leaves nothing', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const { pid } = await created(host, { key: 'k' })
  let isHidden = true
  const files: Files = {
    ...fs,
    openSync(file, flags, mode) {
      const isKey = path.basename(path.dirname(file)) === 'keys'
      if (isKey && isHidden) {
        isHidden = false
        throw Object.assign(new Error('not yet'), { code: 'ENOENT' })
      }
      return fs.openSync(file, flags, mode)
    },
  }
  t.deepEqual(await lowdbStore(dir, { files }).submit(aRecord({ key: 'k' })), { pid, created: false })
  t.deepEqual(fs.readdirSync(path.join(dir, 'pending')), [])
  await host.close()
})

test('what a dead client was about to submit goes, if another process has its key by now', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  await created(host, { key: 'k' })
  const record = aRecord({ key: 'k' })
  const draft = path.join(dir, 'pending', `.${record.pid}.jsonl`)
  fs.writeFileSync(draft, encodeFirst(record))
  fs.utimesSync(draft, 0, 0)
  for await (const { pid } of host.take(() => true)) t.fail(`${pid} was taken`)
  t.deepEqual(fs.readdirSync(path.join(dir, 'pending')), [])
  await host.close()
})

test('a key stays with its journal when the file that was to take its place cannot', async t => {
  const dir = tempDir(t)
  let isBroken = true
  const files: Files = {
    ...fs,
    renameSync(from, to) {
      if (isBroken && path.basename(from).startsWith('.') && to.includes('active'))
        throw Object.assign(new Error('no'), { code: 'EIO' })
      fs.renameSync(from, to)
    },
  }
  const host = await lowdbStore(dir, { files }).openHost()
  const record = await created(host, { key: 'k' })
  await t.throwsAsync(host.complete({ ...record, shape: 'f00' }), { code: 'ERR_STORE_WRITE' })
  t.deepEqual(await host.create(aRecord({ key: 'k' })), { pid: record.pid, created: false })
  isBroken = false
  await host.complete({ ...record, shape: 'f00' })
  t.deepEqual(await host.create(aRecord({ key: 'k' })), { pid: record.pid, created: false })
  await host.write(theEnd(record, 2))
  await host.close()
})
