import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { aRecord, aTransition, collect, created, ended, theEnd } from '../../../src/testing/conformance/samples.ts'
import type { Files } from '../../../src/journal/files.ts'
import { encodeFirst, encodeLine } from '../../../src/journal/line.ts'
import { Directory } from '../../../src/store/lowdb/directory.ts'
import { Paths } from '../../../src/store/lowdb/paths.ts'
import { processDurability } from '../../../src/store/lowdb/power.ts'
import { takeJournal } from '../../../src/store/lowdb/take-journal.ts'
import { letDie } from '../../../src/store/hosts/host-presence.ts'
import { journalOf, tempDir, treeOf } from '../helpers.ts'

async function twoHosts(dir: string) {
  return { store: lowdbStore(dir), dying: await lowdbStore(dir).openHost(), heir: await lowdbStore(dir).openHost() }
}

test('half a line at the end is ignored, and cut off before the first write', async t => {
  const dir = tempDir(t)
  const { store, dying, heir } = await twoHosts(dir)
  const record = await created(dying)
  await dying.write(aTransition(record, 2))
  fs.appendFileSync(journalOf(dir, dying.hostId, record.pid), '{"pid":"half')
  await letDie(dying)
  const [adopted] = await collect(heir.adopt(() => true))
  t.is(adopted?.record.revision, 2)
  await heir.write(theEnd(adopted!.record, 3))
  t.deepEqual(
    (await store.history(record.pid))?.map(({ revision }) => revision),
    [1, 2, 3],
  )
  await heir.close()
})

test('an end that only misses its move is finished, not handed out', async t => {
  const dir = tempDir(t)
  const { store, dying, heir } = await twoHosts(dir)
  const record = await created(dying, { key: 'k' })
  fs.appendFileSync(journalOf(dir, dying.hostId, record.pid), encodeLine(theEnd(record, 2)))
  await letDie(dying)
  t.like(await store.get(record.pid), { record: { status: 'finished' }, host: undefined })
  const asked: string[] = []
  t.deepEqual(await collect(heir.adopt(({ pid }) => asked.push(pid) > 0)), [])
  t.deepEqual(asked, [])
  t.true(fs.existsSync(path.join(dir, 'ended', record.pid.slice(0, 4), `${record.pid}.finished.jsonl`)))
  t.is((await heir.create(aRecord({ key: 'k' }))).pid, record.pid)
  await heir.close()
})

test('it may also be deleted before anybody adopts', async t => {
  const dir = tempDir(t)
  const { store, dying } = await twoHosts(dir)
  const record = await created(dying)
  fs.appendFileSync(journalOf(dir, dying.hostId, record.pid), encodeLine(theEnd(record, 2)))
  await t.throwsAsync(store.delete(record.pid), { code: 'ERR_NOT_ENDED' })
  await letDie(dying)
  await lowdbStore(dir).delete(record.pid)
  t.is(await store.get(record.pid), undefined)
})

test('what never began is dropped, with its host', async t => {
  const dir = tempDir(t)
  const { store, dying, heir } = await twoHosts(dir)
  const { pid } = aRecord()
  const file = journalOf(dir, dying.hostId, pid)
  fs.writeFileSync(file, '{"format":1,"pid"')
  t.deepEqual(await collect(heir.adopt(() => true)), [])
  t.true(fs.existsSync(file))
  await letDie(dying)
  await dying.close()
  t.deepEqual(await collect((await lowdbStore(dir).openHost()).adopt(() => true)), [])
  t.false(treeOf(dir).some(name => name.includes(dying.hostId)))
  t.is(await store.get(pid), undefined)
  await heir.close()
})

test('a process whose key its host had not claimed yet gets it, or gives way', async t => {
  const dir = tempDir(t)
  const { store, dying, heir } = await twoHosts(dir)
  const [free, taken] = [aRecord({ key: 'free' }), aRecord({ key: 'taken' })]
  for (const record of [free, taken]) fs.writeFileSync(journalOf(dir, dying.hostId, record.pid), encodeFirst(record))
  const holder = await created(heir, { key: 'taken' })
  await letDie(dying)
  t.deepEqual(
    (await collect(heir.adopt(() => true))).map(({ record }) => record.pid),
    [free.pid],
  )
  t.is(await store.get(taken.pid), undefined)
  t.is((await heir.create(aRecord({ key: 'free' }))).pid, free.pid)
  t.is((await heir.create(aRecord({ key: 'taken' }))).pid, holder.pid)
  await heir.release(free.pid, 1)
  await heir.release(holder.pid)
  await heir.close()
})

test('a journal that cannot be read stays with its dead host; the others are taken', async t => {
  const dir = tempDir(t)
  const { dying, heir } = await twoHosts(dir)
  const [bad, good] = [await created(dying), await created(dying)]
  const file = journalOf(dir, dying.hostId, bad.pid)
  fs.writeFileSync(file, 'garbage\n')
  await letDie(dying)
  t.deepEqual(
    (await collect(heir.adopt(() => true))).map(({ record }) => record.pid),
    [good.pid],
  )
  t.is(fs.readFileSync(file, 'utf8'), 'garbage\n')
  t.like(
    (await lowdbStore(dir).hosts()).find(({ id }) => id === dying.hostId),
    { state: 'dead' },
  )
  await heir.release(good.pid, 1)
  await heir.close()
})

test('a loop over what is adopted may be left: the rest stays for the next', async t => {
  const dir = tempDir(t)
  const { dying, heir } = await twoHosts(dir)
  for (let i = 0; i < 5; i++) await created(dying)
  await letDie(dying)
  for await (const { record } of heir.adopt(() => true)) {
    await heir.write(theEnd(record, 2))
    break
  }
  t.is((await collect(heir.adopt(() => true))).length, 4)
  await heir.close()
})

test('what a host leaves when it closes and is adopted is gone without a trace', async t => {
  const dir = tempDir(t)
  const { dying, heir } = await twoHosts(dir)
  await created(dying)
  await dying.close()
  for await (const { record } of heir.adopt(() => true)) await heir.write(theEnd(record, 2))
  await ended(heir)
  await heir.close()
  t.deepEqual(
    treeOf(dir).filter(name => /^(hosts|active)/.test(name)),
    ['active', 'active/released', 'hosts'],
  )
})

test('a process that is taken from a host by force is not lost, though that host takes it back at once', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const record = await created(host)
  const journal = journalOf(dir, host.hostId, record.pid)
  const files: Files = {
    ...fs,
    renameSync(from, to) {
      fs.renameSync(from, to)
      // As its adoption does.
      if (path.dirname(to) === path.join(dir, 'active', 'released')) {
        fs.mkdirSync(path.dirname(journal), { recursive: true })
        fs.renameSync(to, journal)
      }
    },
  }
  t.is(await lowdbStore(dir, { files }).adopt(host.hostId, true), 1)
  t.is((await lowdbStore(dir).get(record.pid))?.record.pid, record.pid)
  await host.close()
})

test('a process goes on from what others wrote up to the rename by which it is adopted', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const record = await created(host)
  await host.release(record.pid)
  const files: Files = {
    ...fs,
    renameSync(from, to) {
      if (from.includes('released')) fs.appendFileSync(from, encodeLine(aTransition(record, 2)))
      fs.renameSync(from, to)
    },
  }
  const heir = await lowdbStore(dir, { files }).openHost()
  const [adopted] = await collect(heir.adopt(() => true))
  t.is(adopted?.record.revision, 2)
  await heir.write(theEnd(adopted!.record, 3))
  await Promise.all([host.close(), heir.close()])
})

test('a process that has begun is adopted, though another one has got its key since', async t => {
  const dir = tempDir(t)
  const { dying, heir } = await twoHosts(dir)
  const record = await created(dying, { key: 'k' })
  await dying.write(aTransition(record, 2))
  for (const name of fs.readdirSync(path.join(dir, 'keys'))) fs.unlinkSync(path.join(dir, 'keys', name))
  const other = await created(heir, { key: 'k' })
  await letDie(dying)
  const [adopted] = await collect(heir.adopt(() => true))
  t.is(adopted?.record.pid, record.pid)
  await heir.write(theEnd(adopted!.record, 3))
  await heir.write(theEnd(other, 2))
  await heir.close()
})

test('a host that is robbed while it completes a process makes no second journal of it', async t => {
  const dir = tempDir(t)
  const { dying, heir } = await twoHosts(dir)
  const record = await created(dying)
  const journal = journalOf(dir, dying.hostId, record.pid)
  const completing = dying.complete({ ...record, shape: 'f00' })
  fs.renameSync(journal, path.join(dir, 'active', 'released', `${record.pid}.jsonl`))
  await t.throwsAsync(completing, { code: 'ERR_PROCESS_TAKEN' })
  t.false(fs.existsSync(journal))
  const [adopted] = await collect(heir.adopt(() => true))
  await heir.write(theEnd(adopted!.record, 2))
  await Promise.all([dying.close(), heir.close()])
})

test('a host that is robbed while it puts a draft in the place of a journal makes no second journal', async t => {
  const dir = tempDir(t)
  const paths = new Paths(dir)
  let rob = (): void => {}
  const files: Files = {
    ...fs,
    renameSync(from, to) {
      if (path.basename(from).startsWith('.') && to.endsWith('.jsonl')) rob()
      fs.renameSync(from, to)
    },
  }
  const host = await lowdbStore(dir, { files }).openHost()
  const record = await created(host, { key: 'k' })
  const journal = journalOf(dir, host.hostId, record.pid)
  fs.mkdirSync(paths.activeFolder('released'), { recursive: true })
  const target = paths.journal(paths.released, record.pid)
  rob = () => {
    rob = () => {}
    t.true(takeJournal(new Directory(fs, paths, processDurability), host.hostId, record.pid, target))
  }
  await t.throwsAsync(host.complete({ ...record, version: '2' }), { code: 'ERR_STORE_WRITE' })
  t.false(fs.existsSync(journal))
  await t.throwsAsync(host.complete({ ...record, version: '2' }), { code: 'ERR_PROCESS_TAKEN' })
  t.false(fs.existsSync(journal))
  t.is((await lowdbStore(dir).get(record.pid))?.record.version, record.version)
  t.is((await lowdbStore(dir).submit(aRecord({ key: 'k' }))).pid, record.pid)
  await host.close()
})

test('a draft that its host puts in the place of a journal just when that is taken is taken as well', async t => {
  const dir = tempDir(t)
  const paths = new Paths(dir)
  const host = await lowdbStore(dir).openHost()
  const record = await created(host, { key: 'k' })
  const journal = journalOf(dir, host.hostId, record.pid)
  const draft = paths.draft(paths.activeFolder(host.hostId), record.pid)
  fs.writeFileSync(draft, encodeFirst({ ...record, version: '2' }))
  fs.mkdirSync(paths.activeFolder('released'), { recursive: true })
  const target = paths.journal(paths.released, record.pid)
  const files: Files = {
    ...fs,
    renameSync(from, to) {
      fs.renameSync(from, to)
      if (fs.existsSync(draft)) fs.renameSync(draft, journal)
    },
  }
  t.true(takeJournal(new Directory(files, paths, processDurability), host.hostId, record.pid, target))
  t.false(fs.existsSync(journal))
  t.is((await lowdbStore(dir).get(record.pid))?.record.version, '2')
  t.false(takeJournal(new Directory(files, paths, processDurability), host.hostId, record.pid, target))
  await host.close()
})

test('a host that is robbed while it creates a process does not have it', async t => {
  const dir = tempDir(t)
  const paths = new Paths(dir)
  const directory = new Directory(fs, paths, processDurability)
  let rob = (): void => {}
  const files: Files = {
    ...fs,
    writeSync(fd, ...given) {
      rob()
      return fs.writeSync(fd, ...given)
    },
  }
  const host = await lowdbStore(dir, { files }).openHost()
  fs.mkdirSync(paths.activeFolder('released'), { recursive: true })
  const record = aRecord()
  const target = paths.journal(paths.released, record.pid)
  rob = () => void takeJournal(directory, host.hostId, record.pid, target)
  await t.throwsAsync(host.create(record), { code: 'ERR_STORE_WRITE', message: /taken away/ })
  rob = () => {}
  await t.throwsAsync(async () => host.write(aTransition(record, 2)), { code: 'ERR_PROCESS_TAKEN' })
  await host.close()
})

test('an end that came into a journal while that was copied, and is not in the copy, is told to nobody', async t => {
  const dir = tempDir(t)
  const [host, heir] = [await lowdbStore(dir).openHost(), await lowdbStore(dir).openHost()]
  const record = await created(host)
  const paths = new Paths(dir)
  const [file, target] = [paths.activeJournal(host.hostId, record.pid), paths.activeJournal(heir.hostId, record.pid)]
  const draft = paths.draft(paths.activeFolder(heir.hostId), record.pid)
  fs.renameSync(file, target)
  fs.copyFileSync(target, draft)
  fs.appendFileSync(target, encodeLine(theEnd(record, 2)))
  const seen: string[] = []
  const end = new AbortController()
  const following = (async () => {
    for await (const { record: found } of lowdbStore(dir).follow(record.pid, end.signal)) {
      seen.push(found.status)
      end.abort()
    }
  })()
  await new Promise(resolve => setTimeout(resolve, 100))
  fs.renameSync(draft, paths.journal(paths.released, record.pid))
  fs.rmSync(target)
  await following
  t.deepEqual(seen, ['pending'])
  await Promise.all([host.close(), heir.close()])
})
