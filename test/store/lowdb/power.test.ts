import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import type { Files } from '../../../src/journal/files.ts'
import { answerCommand, putCommand, waitingCommands } from '../../../src/store/commands.ts'
import { letDie } from '../../../src/store/hosts/host-presence.ts'
import { encodeFirst, encodeLine } from '../../../src/journal/line.ts'
import { createPid } from '../../../src/record/pid.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import type { ProcessRecord } from '../../../src/record/record.ts'
import { aRecord, aReport, aTransition, collect, created, theEnd } from '../../../src/testing/conformance/samples.ts'
import { journalOf, tempDir, treeOf } from '../helpers.ts'
import { unsafeFiles } from './unsafe-files.ts'

const aSubmission = (changes: Partial<ProcessRecord> = {}): ProcessRecord =>
  aRecord({ shape: '', version: '', outline: [], ...changes })

function storeIn(dir: string) {
  const { files, fail, unsafeIn } = unsafeFiles()
  return {
    store: lowdbStore(dir, { files, durability: 'power' }),
    fail,
    /** Who is a host is known anew after a start of the machine. */
    unsafe: () => unsafeIn(dir).filter(name => !name.startsWith('hosts') && name !== '.gitignore'),
  }
}

const aCommand = (pid: string, reason = 'enough') =>
  ({ type: 'cancel', pid, id: createPid(Date.now()), at: Date.now(), reason }) as const

test('whatever a call has put into the store is safe when it resolves', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { store, unsafe } = storeIn(dir)
  const [one, two] = [aSubmission(), aSubmission({ key: 'two' })]
  await store.submit(one)
  // Only the name that a draft was given: under either of its names it is a submission.
  t.deepEqual(unsafe(), ['pending'])
  await store.submit(two)
  t.deepEqual(unsafe(), ['pending'])
  const host = await store.openHost()
  t.deepEqual(unsafe(), ['pending'])
  for await (const record of host.take(() => true)) {
    await host.complete({ ...record, shape: 'f00', version: '1' })
    t.deepEqual(unsafe(), ['pending'])
  }
  const record = await created(host, { key: 'k' })
  t.deepEqual(unsafe(), ['pending'])

  const command = aCommand(record.pid)
  await putCommand(store.documents, command)
  t.deepEqual(unsafe(), ['pending'])
  await answerCommand(store.documents, record.pid, command.id, { code: 'ERR_NOT_INTERRUPTED', message: 'no' })
  t.deepEqual(unsafe(), ['pending'])

  const journal = journalOf(dir, host.hostId, record.pid)
  const { ino } = fs.statSync(journal)
  const big = 'x'.repeat(3 * 1024 * 1024)
  let revision = 1
  while (fs.statSync(journal).ino === ino) {
    await host.write(aTransition(record, ++revision, { data: big }))
    t.deepEqual(unsafe(), ['pending'])
  }
  await host.write(aReport(record, ++revision, { read: { value: 1 } }))
  await host.write(theEnd(record, ++revision))
  t.deepEqual(unsafe(), ['pending'])
  for (const { pid } of [one, two]) await host.write(theEnd({ ...one, pid }, 2))
  await host.close()
})

test('a store is one once what says so is safe: another host may rely on what it takes the place of', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { files, fail } = unsafeFiles()
  fail(file => path.basename(file).startsWith('.store.json'))
  const store = lowdbStore(dir, { files, durability: 'power' })
  await t.throwsAsync(store.openHost(), { code: 'ERR_STORE_WRITE' })
  t.false(fs.existsSync(path.join(dir, 'store.json')))
  fail(() => false)
  await (await store.openHost()).close()
})

test('a process whose key others may have seen stays, and its next line waits until the key is safe', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { store, fail } = storeIn(dir)
  const [host, other] = [await store.openHost(), await lowdbStore(dir).openHost()]
  const record = aRecord({ key: 'k' })
  fail(file => file === path.join(dir, 'keys'))
  t.deepEqual(await host.create(record), { pid: record.pid, created: true })
  t.deepEqual(await other.create(aRecord({ key: 'k' })), { pid: record.pid, created: false })
  for (let i = 0; i < 2; i++)
    await t.throwsAsync(async () => host.write(aTransition(record, 2)), { code: 'ERR_STORE_WRITE' })
  fail(() => false)
  await host.write(aTransition(record, 2))
  await host.write(theEnd(record, 3))
  t.deepEqual(
    (await store.history(record.pid))?.map(({ revision }) => revision),
    [1, 2, 3],
  )
  await Promise.all([host.close(), other.close()])
})

test('a process that cannot be made safe before its key is claimed leaves nothing', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { store, fail } = storeIn(dir)
  const host = await store.openHost()
  const before = treeOf(dir)
  fail(file => file === path.join(dir, 'active', host.hostId))
  await t.throwsAsync(host.create(aRecord({ key: 'k' })), { code: 'ERR_STORE_WRITE' })
  fail(file => file.startsWith(path.join(dir, 'pending')))
  await t.throwsAsync(store.submit(aSubmission({ key: 'k' })), { code: 'ERR_STORE_WRITE' })
  fail(() => false)
  t.deepEqual(treeOf(dir), before)
  await host.close()
})

test('a submission whose key others may have seen stays, and is found again by its key', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { store, fail } = storeIn(dir)
  const host = await store.openHost()
  const record = aSubmission({ key: 'k' })
  fail(file => file === path.join(dir, 'keys'))
  await t.throwsAsync(store.submit(record), { code: 'ERR_STORE_WRITE' })
  t.is((await lowdbStore(dir).submit(aSubmission({ key: 'k' }))).pid, record.pid)
  fail(() => false)
  t.deepEqual(
    (await collect(host.take(() => true))).map(({ pid }) => pid),
    [record.pid],
  )
  await host.close()
})

test('a command that cannot be made safe is taken back', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { store, fail } = storeIn(dir)
  const host = await store.openHost()
  const { pid } = await created(host)
  for (const place of [path.join(dir, 'commands'), path.join(dir, 'commands', '.')]) {
    fail(file => file === place || (place.endsWith('.') && file.startsWith(path.join(dir, 'commands'))))
    await t.throwsAsync(putCommand(store.documents, aCommand(pid)), { code: 'ERR_STORE_WRITE' })
    t.deepEqual(fs.readdirSync(path.join(dir, 'commands')), [])
  }
  fail(() => false)
  const command = aCommand(pid)
  await putCommand(store.documents, command)
  t.deepEqual(await waitingCommands(store.documents, () => true), [command])
  await host.close()
})

test('a journal whose compaction cannot be made safe stays as it is', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { store, fail } = storeIn(dir)
  const host = await store.openHost()
  const record = await created(host, { key: 'k' })
  fail(file => path.basename(file).startsWith('.'))
  const big = 'x'.repeat(3 * 1024 * 1024)
  for (let revision = 2; revision <= 6; revision++) await host.write(aTransition(record, revision, { data: big }))
  t.is((await store.history(record.pid))?.length, 6)
  t.is((await host.create(aRecord({ key: 'k' }))).pid, record.pid)
  await host.write(theEnd(record, 7))
  await host.close()
})

test('the draft of a client that died becomes a submission, unless another one has its key', async t => {
  const dir = path.join(tempDir(t), 'store')
  const host = await lowdbStore(dir).openHost()
  const winner = await created(host, { key: 'k' })
  const [loser, free] = [aSubmission({ key: 'k' }), aSubmission({ key: 'free' })]
  // As if each client had been killed before it claimed its key.
  for (const record of [loser, free]) {
    const draft = path.join(dir, 'pending', `.${record.pid}.jsonl`)
    fs.writeFileSync(draft, encodeFirst(record))
    fs.utimesSync(draft, 1, 1)
  }
  t.deepEqual(
    (await collect(host.take(() => true))).map(({ pid }) => pid),
    [free.pid],
  )
  t.is((await host.create(aRecord({ key: 'free' }))).pid, free.pid)
  t.is((await host.create(aRecord({ key: 'k' }))).pid, winner.pid)
  await host.close()
})

test('a line that waits for the disk while its host is robbed, and takes the process back, does not count', async t => {
  const dir = path.join(tempDir(t), 'store')
  let free = (): void => {}
  let isHolding = false
  const files: Files = {
    ...fs,
    fdatasync(fd, callback) {
      const sync = (): void => fs.fdatasync(fd, callback)
      if (isHolding) free = sync
      else sync()
    },
  }
  const host = await lowdbStore(dir, { files, durability: 'power' }).openHost()
  const lost: string[] = []
  host.onLost(pids => lost.push(...pids))
  const record = await created(host)
  await lowdbStore(dir).adopt(host.hostId, true)
  isHolding = true
  const line = host.write(aTransition(record, 2))
  isHolding = false
  const [back] = await collect(host.adopt(() => true))
  t.like(back?.record, { pid: record.pid, revision: 1, epoch: 1 })
  t.deepEqual(lost, [record.pid])
  free()
  await t.throwsAsync(async () => line, { code: 'ERR_PROCESS_TAKEN' })
  await host.write(aTransition(back!.record, 2))
  t.deepEqual(
    (await lowdbStore(dir).history(record.pid))?.map(({ revision, epoch }) => [revision, epoch]),
    [
      [1, undefined],
      [2, 1],
    ],
  )
  await host.write(theEnd(back!.record, 3))
  await host.close()
})

test('whoever follows a process hears of its end once that is safe', async t => {
  const dir = path.join(tempDir(t), 'store')
  const held = Promise.withResolvers<(error: Error | null) => void>()
  let isHolding = false
  const files: Files = {
    ...fs,
    fdatasync: (fd, callback) => (isHolding ? held.resolve(callback) : fs.fdatasync(fd, callback)),
  }
  const host = await lowdbStore(dir, { files, durability: 'power' }).openHost()
  const record = await created(host)
  const heard: number[] = []
  const following = (async () => {
    for await (const { record: found } of lowdbStore(dir).follow(record.pid)) heard.push(found.revision)
  })()
  while (heard.length === 0) await delay(5)
  isHolding = true
  const end = host.write(theEnd(record, 2))
  const fail = await held.promise
  await delay(100)
  t.deepEqual(heard, [1])
  isHolding = false
  fail(new Error('EIO: injected'))
  await t.throwsAsync(async () => end, { code: 'ERR_STORE_WRITE' })
  await delay(100)
  t.deepEqual(heard, [1])
  await host.write(theEnd(record, 2))
  await following
  t.deepEqual(heard, [1, 2])
  await host.close()
})

test('an end whose host died before it was safe is safe once its journal is moved', async t => {
  const dir = path.join(tempDir(t), 'store')
  const { files, unsafeIn } = unsafeFiles()
  const unsafe = (): string[] => unsafeIn(dir).filter(name => name.includes('b9') || name.startsWith('ended'))
  const dying = await lowdbStore(dir, { files }).openHost()
  const heir = await lowdbStore(dir, { files, durability: 'power' }).openHost()
  const record = await created(dying, { key: 'k' })
  const fd = files.openSync(journalOf(dir, dying.hostId, record.pid), fs.constants.O_WRONLY | fs.constants.O_APPEND)
  const line = Buffer.from(encodeLine(theEnd(record, 2)))
  files.writeSync(fd, line, 0, line.length)
  files.closeSync(fd)
  await letDie(dying)
  t.not(unsafe().length, 0)
  t.deepEqual(await collect(heir.adopt(() => true)), [])
  t.is((await lowdbStore(dir).get(record.pid))?.record.status, 'finished')
  t.deepEqual(unsafe(), [])
  await heir.close()
})
