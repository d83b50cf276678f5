import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import type { Files } from '../../../src/journal/files.ts'
import type { ProcessRecord } from '../../../src/record/record.ts'
import { aRecord, aTransition, collect, created, theEnd } from '../../../src/testing/conformance/samples.ts'
import { journalOf, tempDir, treeOf } from '../helpers.ts'

const fault = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code })

/** `node:fs`, of which single calls fail as long as `broken` says so. */
function breakable() {
  const broken = new Map<keyof Files, string>()
  const files = Object.fromEntries(
    (
      [
        'openSync',
        'writeSync',
        'renameSync',
        'linkSync',
        'unlinkSync',
        'ftruncateSync',
        'mkdirSync',
        'readSync',
      ] as const
    ).map(name => [
      name,
      (...args: unknown[]) => {
        const code = broken.get(name)
        if (code !== undefined) throw fault(code)
        return (fs[name] as (...all: unknown[]) => unknown)(...args)
      },
    ]),
  )
  return { broken, files: { ...fs, ...files } as Files }
}

test('a full disk fails the write, which is then tried again', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  const host = await lowdbStore(dir, { files }).openHost()
  const record = await created(host)
  broken.set('writeSync', 'ENOSPC')
  for (let i = 0; i < 3; i++) {
    const error = await t.throwsAsync(async () => host.write(aTransition(record, 2)), { code: 'ERR_STORE_WRITE' })
    t.true(error!.message.includes(journalOf(dir, host.hostId, record.pid)))
  }
  broken.clear()
  await host.write(aTransition(record, 2))
  await host.write(theEnd(record, 3))
  t.deepEqual(
    (await lowdbStore(dir).history(record.pid))?.map(({ revision }) => revision),
    [1, 2, 3],
  )
  await host.close()
})

test('an end whose move fails is down once, and is moved when it is written again', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  const host = await lowdbStore(dir, { files }).openHost()
  const record = await created(host)
  broken.set('renameSync', 'EIO')
  for (let i = 0; i < 2; i++)
    await t.throwsAsync(async () => host.write(theEnd(record, 2)), { code: 'ERR_STORE_WRITE' })
  const store = lowdbStore(dir)
  t.deepEqual((await store.get(record.pid))?.record.status, 'finished')
  t.is((await store.get(record.pid))?.host, undefined)
  t.true(fs.existsSync(journalOf(dir, host.hostId, record.pid)))
  broken.clear()
  await host.write(theEnd(record, 2))
  t.false(fs.existsSync(journalOf(dir, host.hostId, record.pid)))
  t.is((await store.history(record.pid))?.length, 2)
  await host.close()
})

test('an hour whose folder was removed meanwhile is made again', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const [one, other] = [await created(host), await created(host)]
  await host.write(theEnd(one, 2))
  fs.rmSync(path.join(dir, 'ended', one.pid.slice(0, 4)), { recursive: true })
  await host.write(theEnd(other, 2))
  t.is((await lowdbStore(dir).get(other.pid))?.record.status, 'finished')
  await host.close()
})

for (const [name, key, call] of [
  ['disk', undefined, 'writeSync'],
  ['directory', undefined, 'openSync'],
  ['key', 'k', 'linkSync'],
] as const) {
  test(`a create that fails for its ${name} leaves nothing, and may be tried again`, async t => {
    const dir = tempDir(t)
    const { broken, files } = breakable()
    const host = await lowdbStore(dir, { files }).openHost()
    const before = treeOf(dir)
    const record = aRecord(key === undefined ? {} : { key })
    broken.set(call, 'EIO')
    await t.throwsAsync(host.create(record), { code: 'ERR_STORE_WRITE' })
    t.deepEqual(treeOf(dir), before)
    await t.throwsAsync(async () => host.write(aTransition(record, 2)), { code: 'ERR_UNKNOWN_PROCESS' })
    broken.clear()
    t.true((await host.create(record)).created)
    t.is((await collect(lowdbStore(dir).list())).length, 1)
    await host.write(theEnd(record, 2))
    await host.close()
  })
}

test('what a failed create could not remove is removed by the next try', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  const host = await lowdbStore(dir, { files }).openHost()
  const record = aRecord()
  broken.set('writeSync', 'EIO')
  broken.set('unlinkSync', 'EIO')
  await t.throwsAsync(host.create(record), { code: 'ERR_STORE_WRITE' })
  t.deepEqual(await collect(lowdbStore(dir).list()), [])
  broken.clear()
  await t.throwsAsync(host.create(record), { code: 'ERR_STORE_WRITE' })
  t.true((await host.create(record)).created)
  await host.write(theEnd(record, 2))
  await host.close()
})

test('a host that cannot register leaves no trace of itself', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  await (await lowdbStore(dir).openHost()).close()
  const before = treeOf(dir)
  for (const [code, expected] of [
    ['ENOSPC', 'ERR_STORE_WRITE'],
    ['EACCES', 'ERR_STORE_ACCESS'],
  ] as const) {
    broken.set('renameSync', code)
    const error = await t.throwsAsync(lowdbStore(dir, { files }).openHost(), { code: expected })
    t.is((error!.cause as NodeJS.ErrnoException).code, code)
    t.deepEqual(treeOf(dir), before)
  }
})

test('a disk that does not read is told with the file', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  const store = lowdbStore(dir, { files })
  const host = await store.openHost()
  const { pid } = await created(host)
  await store.get(pid)
  broken.set('readSync', 'EIO')
  const told: string[] = []
  for (const read of [() => store.get(pid), () => store.history(pid), () => collect(store.follow(pid))]) {
    const error = await t.throwsAsync<NodeJS.ErrnoException>(
      async () => {
        await read()
      },
      { code: 'ERR_STORE_READ' },
    )
    t.true(error!.message.includes(journalOf(dir, host.hostId, pid)))
  }
  t.deepEqual(await collect(store.list({}, corrupt => told.push(corrupt.pid))), [])
  t.deepEqual(told, [pid])
  broken.clear()
  broken.set('openSync', 'EMFILE')
  // No journal's own fault: a list that left it out would be wrong.
  const error = await t.throwsAsync(collect(store.list()), { code: 'ERR_STORE_READ' })
  t.regex(error!.message, /ulimit -n/)
  broken.clear()
  await host.close()
})

test('a submit that fails says so, though what it has written cannot be removed either', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  await (await lowdbStore(dir).openHost()).close()
  broken.set('writeSync', 'ENOSPC').set('unlinkSync', 'EIO')
  const error = await t.throwsAsync(lowdbStore(dir, { files }).submit(aRecord()), { code: 'ERR_STORE_WRITE' })
  t.regex(error!.message, /ENOSPC/)
})

test('a process is there for whoever is given it by its key, though its client failed right after the claim', async t => {
  const dir = tempDir(t)
  const { broken, files } = breakable()
  const host = await lowdbStore(dir).openHost()
  for (const [key, again] of [
    ['one', (record: ProcessRecord) => host.create(record)],
    ['other', (record: ProcessRecord) => lowdbStore(dir).submit(record)],
  ] as const) {
    broken.set('renameSync', 'ENOSPC')
    const first = aRecord({ key })
    await t.throwsAsync(lowdbStore(dir, { files }).submit(first), { code: 'ERR_STORE_WRITE' })
    broken.clear()
    t.deepEqual(await again(aRecord({ key })), { pid: first.pid, created: false })
    t.is((await lowdbStore(dir).get(first.pid))?.record.pid, first.pid)
  }
  await host.close()
})

test('a journal that cannot be opened is left where it is, and keeps no host from opening', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const record = await created(host)
  await host.release(record.pid)
  const { files } = breakable()
  const journal = path.join(dir, 'active', 'released', `${record.pid}.jsonl`)
  const picky: Files = {
    ...files,
    openSync: (file, flags, mode) => {
      if (file === journal) throw fault('EIO')
      return fs.openSync(file, flags, mode)
    },
  }
  const other = await lowdbStore(dir, { files: picky }).openHost()
  t.deepEqual(await collect(other.adopt(() => true)), [])
  t.true(fs.existsSync(journal))
  await other.close()
  await host.close()
})

test('what is adopted goes on from its newest record, or not at all: a second look that fails gives it back', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const record = await created(host)
  await host.release(record.pid)
  let heir = 'nobody'
  let opened = ''
  let isBroken = true
  const names = new Map<number, string>()
  const picky: Files = {
    ...fs,
    openSync(file, flags, mode) {
      const fd = fs.openSync(file, flags, mode)
      opened = file
      names.set(fd, file)
      return fd
    },
    readSync(fd, ...rest) {
      if (isBroken && names.get(fd)?.includes(heir)) throw fault('EIO')
      return fs.readSync(fd, ...rest)
    },
  }
  const other = await lowdbStore(dir, { files: picky }).openHost()
  heir = other.hostId
  t.deepEqual(await collect(other.adopt(() => true)), [])
  t.true(opened.includes(other.hostId))
  isBroken = false
  const [adopted] = await collect(other.adopt(() => true))
  t.is(adopted?.record.pid, record.pid)
  await other.close()
  await host.close()
})

test('a disk that does not tell of a file is told with a code to whoever follows it', async t => {
  const dir = tempDir(t)
  const host = await lowdbStore(dir).openHost()
  const record = await created(host)
  let isBroken = false
  const files: Files = {
    ...fs,
    statSync(file, options) {
      if (isBroken && file.endsWith(`${record.pid}.jsonl`)) throw fault('EIO')
      return fs.statSync(file, options)
    },
  }
  const following = lowdbStore(dir, { files }).follow(record.pid)[Symbol.asyncIterator]()
  await following.next()
  isBroken = true
  await host.write(aTransition(record, 2))
  await t.throwsAsync(following.next(), { code: 'ERR_STORE_READ' })
  const changes = lowdbStore(dir, { files }).changes()[Symbol.asyncIterator]()
  await t.throwsAsync(changes.next(), { code: 'ERR_STORE_READ' })
  await host.close()
})

test('a submission that a host has removed as half of one, since its client was stopped for so long, is not said to be there', async t => {
  const dir = tempDir(t)
  await (await lowdbStore(dir).openHost()).close()
  const files: Files = {
    ...fs,
    writeSync(fd, buffer, offset, length) {
      for (const name of fs.readdirSync(path.join(dir, 'pending'))) fs.unlinkSync(path.join(dir, 'pending', name))
      return fs.writeSync(fd, buffer, offset, length)
    },
  }
  await t.throwsAsync(lowdbStore(dir, { files }).submit(aRecord()), { code: 'ERR_STORE_WRITE' })
})

test('a submission that another host takes just then is taken by that one alone', async t => {
  const dir = tempDir(t)
  const [host, other] = [await lowdbStore(dir).openHost(), await lowdbStore(dir).openHost()]
  const record = aRecord({ shape: '', version: '', outline: [] })
  await lowdbStore(dir).submit(record)
  const name = `${record.pid}.jsonl`
  const taken = host.take(() => {
    fs.renameSync(path.join(dir, 'pending', name), journalOf(dir, other.hostId, record.pid))
    return true
  })
  t.deepEqual(await collect(taken), [])
  await host.close()
})
