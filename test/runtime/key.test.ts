import fs from 'node:fs'
import test from 'ava'
import { defineProcess, lowdbStore } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import type { Files } from '../../src/journal/files.ts'
import { tempDir } from '../temp-dir.ts'
import { gate } from './gate.ts'

const once = (work: () => unknown) => defineProcess({ name: 'once' }).step('work', work as () => null)

test('a key means the same process: running, pending and ended', async t => {
  let runs = 0
  const open = gate()
  const definition = once(async () => {
    runs += 1
    await open.promise
  })
  const runtime = await createTestRuntime({ processes: [definition], concurrency: 1 })
  const running = await runtime.start(definition, undefined, { key: 'a' })
  const pending = await runtime.start(definition, undefined, { key: 'b' })
  t.is((await runtime.start(definition, undefined, { key: 'a' })).pid, running.pid)
  t.is((await runtime.start(definition, undefined, { key: 'b' })).pid, pending.pid)
  t.is((await runtime.get(pending.pid))?.status, 'pending')
  open.open()
  await pending.result()
  const again = await runtime.start(definition, undefined, { key: 'a' })
  t.is(again.pid, running.pid)
  t.is(await again.result(), null)
  t.is(runs, 2)
  t.is((await runtime.get(again.pid))?.key, 'a')
})

test('starts with the same key at the same time give one process', async t => {
  let runs = 0
  const definition = once(() => void (runs += 1))
  const runtime = await createTestRuntime({ processes: [definition] })
  const jobs = await Promise.all(
    Array.from({ length: 20 }, () => runtime.start(definition, undefined, { key: 'same' })),
  )
  t.is(new Set(jobs.map(({ pid }) => pid)).size, 1)
  await Promise.all(jobs.map(job => job.result()))
  t.is(runs, 1)
})

test('a key holds across the hosts of a store; the other host can wait, watch and steer', async t => {
  const open = gate()
  const store = memoryStore(),
    clock = new TestClock()
  const definition = once(() => open.promise)
  const one = await createTestRuntime({ processes: [definition], store, clock })
  const two = await createTestRuntime({ processes: [definition], store, clock })
  const mine = await one.start(definition, undefined, { key: 'k' })
  const other = await two.start(definition, undefined, { key: 'k' })
  t.is(other.pid, mine.pid)
  t.not((await two.start(definition)).pid, mine.pid)
  await t.throwsAsync(other.proceed(), { code: 'ERR_NOT_INTERRUPTED' })
  const told: string[] = []
  const end = gate()
  t.throws(() => other.subscribe('no' as never), { instanceOf: TypeError, message: /'no'/ })
  other.subscribe(info => {
    told.push(info.status)
    if (info.endedAt) end.open()
    throw new Error('a listener that throws')
  })
  open.open()
  t.is(await other.result(), null)
  await end.promise
  t.is(told.at(-1), 'finished')
  await t.throwsAsync(other.cancel(), { code: 'ERR_ALREADY_ENDED' })
})

test('a key is free again once its process is deleted', async t => {
  const definition = once(() => 1)
  const runtime = await createTestRuntime({ processes: [definition] })
  const first = await runtime.start(definition, undefined, { key: 'k' })
  await first.result()
  await runtime.delete(first.pid)
  t.not((await runtime.start(definition, undefined, { key: 'k' })).pid, first.pid)
})

test('a start that could neither get its key nor take itself back is no start: the next one has the key', async t => {
  const dir = await tempDir(t)
  let isBroken = false
  const mayFail = (): void => {
    if (isBroken) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' })
  }
  const files: Files = {
    ...fs,
    linkSync: (existing, link) => (mayFail(), fs.linkSync(existing, link)),
    unlinkSync: file => (mayFail(), fs.unlinkSync(file)),
  }
  const ran: string[] = []
  const definition = defineProcess({ name: 'once' }).step('work', ({ pid }) => void ran.push(pid))
  const runtime = await createTestRuntime({ processes: [definition], store: lowdbStore(dir, { files }) })
  isBroken = true
  await t.throwsAsync(runtime.start(definition, undefined, { key: 'k' }), { code: 'ERR_STORE_WRITE' })
  isBroken = false
  t.deepEqual(ran, [])
  const job = await runtime.start(definition, undefined, { key: 'k' })
  await job.result()
  t.is((await runtime.byKey('k'))?.pid, job.pid)
  t.deepEqual(ran, [job.pid])
  await runtime.close()
})
