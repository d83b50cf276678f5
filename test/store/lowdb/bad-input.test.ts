import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import type { Files } from '../../../src/journal/files.ts'
import { aRecord, aTransition, collect, created, ended } from '../../../src/testing/conformance/samples.ts'
import { journalOf, tempDir, treeOf } from '../helpers.ts'

test('constructing touches nothing; reading what is not there says so', async t => {
  const dir = path.join(tempDir(t), 'none')
  const store = lowdbStore(dir)
  const { pid } = aRecord()
  for (const read of [
    () => store.get(pid),
    () => collect(store.list()),
    () => store.history(pid),
    () => store.hosts(),
    () => collect(store.follow(pid)),
    () => store.find('', 1),
    () => store.delete(pid),
  ]) {
    const error = await t.throwsAsync(
      async () => {
        await read()
      },
      { code: 'ERR_STORE_MISSING' },
    )
    t.true(error!.message.includes(dir))
  }
  t.false(fs.existsSync(dir))
})

test('a directory is a path', t => {
  for (const dir of ['', 'a\0b', 5, null, {}]) {
    t.throws(() => lowdbStore(dir as string), { instanceOf: TypeError, message: /got/ })
  }
})

test('the store is private, and hidden from git', async t => {
  const dir = path.join(tempDir(t), 'store')
  const host = await lowdbStore(dir).openHost()
  const live = await created(host, { key: 'k' })
  const done = await ended(host)
  for (const name of ['', ...treeOf(dir)]) {
    const stat = fs.statSync(path.join(dir, name))
    if (stat.isSocket()) continue
    t.is(stat.mode & 0o777, stat.isDirectory() ? 0o700 : name === '.gitignore' ? stat.mode & 0o777 : 0o600, name)
  }
  t.is(fs.readFileSync(path.join(dir, '.gitignore'), 'utf8'), '*\n')
  t.deepEqual(JSON.parse(fs.readFileSync(path.join(dir, 'store.json'), 'utf8')), { format: 1 })
  t.true(fs.existsSync(journalOf(dir, host.hostId, live.pid)))
  t.true(fs.existsSync(path.join(dir, 'ended', done.pid.slice(0, 4), `${done.pid}.finished.jsonl`)))
  await host.close()
})

test('a folder that holds other things is not hidden from git', async t => {
  const dir = tempDir(t)
  fs.writeFileSync(path.join(dir, 'package.json'), '{}')
  const host = await lowdbStore(dir).openHost()
  t.false(fs.existsSync(path.join(dir, '.gitignore')))
  await host.close()
})

test('a file where the directory should be', async t => {
  const file = path.join(tempDir(t), 'file')
  fs.writeFileSync(file, 'precious')
  for (const open of [
    () => lowdbStore(file).openHost(),
    () => lowdbStore(file).get(aRecord().pid),
    () => lowdbStore(path.join(file, 'sub')).openHost(),
  ]) {
    const error = await t.throwsAsync<NodeJS.ErrnoException>(
      async () => {
        await open()
      },
      { code: 'ERR_STORE_ACCESS' },
    )
    t.true(error!.message.includes(file))
  }
  t.is(fs.readFileSync(file, 'utf8'), 'precious')
})

test("another user's store", async t => {
  const dir = tempDir(t)
  await (await lowdbStore(dir).openHost()).close()
  const before = treeOf(dir)
  const files: Files = {
    ...fs,
    statSync: (file, options) => {
      const stat = fs.statSync(file, options)
      return stat && Object.assign(stat, { uid: 4711 })
    },
  }
  const store = lowdbStore(dir, { files })
  for (const open of [() => store.openHost(), () => store.get(aRecord().pid)]) {
    const error = await t.throwsAsync<NodeJS.ErrnoException>(
      async () => {
        await open()
      },
      { code: 'ERR_STORE_ACCESS' },
    )
    t.true(error!.message.includes(dir))
    t.regex(error!.message, /4711/)
  }
  t.deepEqual(treeOf(dir), before)
})

test('a newer format, and garbage where the format should be', async t => {
  const dir = tempDir(t)
  await (await lowdbStore(dir).openHost()).close()
  const file = path.join(dir, 'store.json')
  fs.writeFileSync(file, '{"format":2}')
  const error = await t.throwsAsync(lowdbStore(dir).openHost(), { code: 'ERR_STORE_VERSION' })
  t.regex(error!.message, /store\.json has format 2.*up to 1/)
  await t.throwsAsync(lowdbStore(dir).get(aRecord().pid), { code: 'ERR_STORE_VERSION' })
  for (const text of ['', 'garbage', 'null', '[]', '{"format":"1"}']) {
    fs.writeFileSync(file, text)
    await t.throwsAsync(lowdbStore(dir).openHost(), { code: 'ERR_STORE_CORRUPT', message: /store\.json/ })
    await t.throwsAsync(collect(lowdbStore(dir).list()), { code: 'ERR_STORE_CORRUPT' })
  }
})

test('a directory that may not be read or written', async t => {
  const dir = tempDir(t)
  await (await lowdbStore(dir).openHost()).close()
  fs.chmodSync(dir, 0o000)
  // Root may do everything: somebody else has to try, in a process of its own.
  const script = `
    const { lowdbStore } = await import(${JSON.stringify(new URL('../../../src/store/lowdb/lowdb-store.ts', import.meta.url).href)})
    if (process.getuid() === 0) { process.setgroups([]); process.setegid(65534); process.seteuid(65534); process.getuid = () => 65534 }
    const store = lowdbStore(process.argv[1])
    const codes = []
    for (const call of [() => store.get('0'.repeat(20)), () => store.openHost()]) await call().catch(error => codes.push([error.code, error.cause?.code]))
    console.log(JSON.stringify(codes))`
  if (process.getuid?.() === 0) fs.chownSync(dir, 65534, 65534)
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, dir], {
    encoding: 'utf8',
  })
  fs.chmodSync(dir, 0o700)
  t.is(
    stdout.trim(),
    JSON.stringify([
      ['ERR_STORE_ACCESS', 'EACCES'],
      ['ERR_STORE_ACCESS', 'EACCES'],
    ]),
    stderr,
  )
})

test('ids and keys from outside never become a path', async t => {
  const dir = path.join(tempDir(t), 'store')
  const host = await lowdbStore(dir).openHost()
  const record = await created(host, { key: '../../../escaped', name: '../../name', labels: { '../': '../' } })
  await host.write(aTransition(record, 2))
  await t.throwsAsync(host.create(aRecord({ pid: '../../../../../tmp/escape' })), { instanceOf: TypeError })
  await t.throwsAsync(async () => host.write({ ...aTransition(record, 3), pid: '../x' }), {
    code: 'ERR_UNKNOWN_PROCESS',
  })
  await t.throwsAsync(host.release('../../store.json'), { code: 'ERR_UNKNOWN_PROCESS' })
  t.deepEqual(fs.readdirSync(path.dirname(dir)), ['store'])
  t.regex(fs.readdirSync(path.join(dir, 'keys')).join(), /^[0-9a-f]{64}$/)
  await host.close()
})

test('journals that cannot be read are told, kept, and stop nobody', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const good = [await created(host), await ended(host)]
  const bad = [await created(host), await ended(host), await created(host), await ended(host)]
  const [liveGarbage, endedGarbage, folder, newer] = bad
  const endedFile = (pid: string): string => path.join(dir, 'ended', pid.slice(0, 4), `${pid}.finished.jsonl`)
  fs.writeFileSync(journalOf(dir, host.hostId, liveGarbage!.pid), 'garbage\n')
  fs.writeFileSync(endedFile(endedGarbage!.pid), `${JSON.stringify({ format: 1, ...aRecord() })}\n`)
  fs.rmSync(journalOf(dir, host.hostId, folder!.pid))
  fs.mkdirSync(journalOf(dir, host.hostId, folder!.pid))
  fs.writeFileSync(endedFile(newer!.pid), `${JSON.stringify({ ...newer, format: 9 })}\n`)
  const told: { pid: string; error: Error & { code?: string } }[] = []
  const listed = await collect(store.list({}, corrupt => told.push(corrupt)))
  t.deepEqual(
    listed.map(({ record }) => record.pid),
    good.map(({ pid }) => pid).toReversed(),
  )
  t.deepEqual(
    told.map(({ pid, error }) => [pid, error.code]),
    [
      [newer!.pid, 'ERR_STORE_VERSION'],
      [folder!.pid, 'ERR_STORE_CORRUPT'],
      [endedGarbage!.pid, 'ERR_STORE_CORRUPT'],
      [liveGarbage!.pid, 'ERR_STORE_CORRUPT'],
    ],
  )
  t.true(told.at(-1)!.error.message.includes(journalOf(dir, host.hostId, liveGarbage!.pid)))
  t.is((await collect(store.list())).length, 2)
  await t.throwsAsync(store.get(liveGarbage!.pid), { code: 'ERR_STORE_CORRUPT' })
  await t.throwsAsync(store.history(endedGarbage!.pid), { code: 'ERR_STORE_CORRUPT' })
  await t.throwsAsync(collect(store.follow(liveGarbage!.pid)), { code: 'ERR_STORE_CORRUPT' })
  t.is(fs.readFileSync(journalOf(dir, host.hostId, liveGarbage!.pid), 'utf8'), 'garbage\n')
  await host.close()
})

test('a first line that is not whole is no process yet', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const { pid } = aRecord()
  fs.writeFileSync(journalOf(dir, host.hostId, pid), '{"format":1,"pid":"')
  t.is(await store.get(pid), undefined)
  t.is(await store.history(pid), undefined)
  t.deepEqual(await collect(store.list()), [])
  await t.throwsAsync(collect(store.follow(pid)), { code: 'ERR_UNKNOWN_PROCESS' })
  await host.close()
})

test('names that are none of ours are no processes', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const { pid } = await created(host)
  const junk = [
    'pending/x.jsonl',
    `pending/${'A'.repeat(20)}.jsonl`,
    `active/${host.hostId}/.${pid}.jsonl`,
    'active/README',
    'ended/README',
    'hosts/x.json',
    'keys/x',
  ]
  for (const name of junk) fs.writeFileSync(path.join(dir, name), 'junk')
  fs.mkdirSync(path.join(dir, 'active/evil host'))
  fs.mkdirSync(path.join(dir, 'ended/0000'))
  fs.writeFileSync(path.join(dir, 'ended/0000', `${pid}.odd.jsonl`), 'junk')
  t.deepEqual(
    (await collect(store.list())).map(({ record }) => record.pid),
    [pid],
  )
  t.deepEqual(
    (await store.hosts()).map(({ id }) => id),
    [host.hostId],
  )
  t.deepEqual(await collect(host.adopt(() => true)), [])
  t.is(await host.expire(Infinity, Infinity), 0)
  await host.close()
})

test('a host whose card was damaged is still seen', async t => {
  const dir = tempDir(t)
  const store = lowdbStore(dir)
  const host = await store.openHost()
  const { pid } = await created(host)
  for (const text of ['garbage', 'null', '[]', '{"osPid":"x"}']) {
    fs.writeFileSync(path.join(dir, 'hosts', `${host.hostId}.json`), text)
    t.like((await lowdbStore(dir).get(pid))?.host, { id: host.hostId, state: 'alive', osPid: 0 })
  }
  await host.close()
})
