import fs from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { z } from 'zod'
import { createRuntime, defineProcess, lowdbStore, openClient } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'
import { createPid } from '../../src/record/pid.ts'
import { wrappedStore } from '../runtime/wrapped-store.ts'
import { kill, start, steer } from './children.ts'

const double = defineProcess({ name: 'double', input: z.object({ n: z.coerce.number().max(100) }) }).step(
  'work',
  ({ data }) => data.n * 2,
)

test('what another process submits waits, and a worker takes it', async t => {
  const dir = join(await tempDir(t), 'store')
  const [{ outcome: pid }] = await steer(t, dir, [
    ['submit', 'sign-off', { n: 7 }, { key: 'seven', labels: { user: 'ada' } }],
  ])
  const client = openClient(dir)
  t.like(await client.get(pid), { status: 'pending', version: '', input: { n: 7 }, labels: { user: 'ada' }, steps: [] })
  t.is(await client.submit('sign-off', { n: 8 }, { key: 'seven' }), pid)
  await start(t, 'steered-host.ts', dir, '0', 'worker')
  for await (const { status } of client.watch(pid)) if (status === 'interrupted') break
  t.like(await client.get(pid), { version: '1', key: 'seven', host: { state: 'alive' } })
  t.deepEqual(
    (await client.get(pid))?.steps.map(({ name }) => name),
    ['prepare', 'ask', 'work'],
  )
  await client.proceed(pid)
  t.deepEqual(await client.result(pid), { n: 7 })
  t.is(await client.submit('sign-off', { n: 8 }, { key: 'seven' }), pid)
})

test('each is taken by exactly one of several workers, also when one is killed', async t => {
  const dir = join(await tempDir(t), 'store')
  const client = openClient(dir)
  const workers = await Promise.all([0, 1, 2].map(() => start(t, 'steered-host.ts', dir, '0', 'worker')))
  const submitted = Promise.all(Array.from({ length: 60 }, (_, n) => client.submit('sign-off', { n })))
  await kill(workers[0]!.child)
  for (const pid of await submitted)
    for await (const { status } of client.watch(pid)) if (status === 'interrupted') break
  for (const pid of await submitted)
    t.true((await client.history(pid)).filter(({ event }) => event.type === 'START').length === 1)
  t.deepEqual(fs.readdirSync(join(dir, 'pending')), [])
})

test('the worker checks the input, and the process has what the schema made of it', async t => {
  const store = memoryStore()
  const client = openClient(store)
  const [good, bad] = [await client.submit('double', { n: '4' }), await client.submit('double', { n: 400 })]
  const runtime = await createTestRuntime({ processes: [double], store, worker: true })
  t.is(await client.result(good), 8)
  t.deepEqual((await client.get(good))?.input, { n: 4 })
  await t.throwsAsync(client.result(bad), { code: 'ERR_INVALID_INPUT', message: /\$\.n/ })
  t.like(await client.get(bad), { status: 'error', input: { n: 400 }, version: '1' })
  await runtime.close()
})

test('what is no JSON, or no name, is refused at once', async t => {
  const client = openClient(memoryStore())
  await t.throwsAsync(client.submit('double', { at: new Date() }), { code: 'ERR_NOT_JSON', message: /\$\.at/ })
  for (const name of ['', '../x', 'A', 7]) await t.throwsAsync(client.submit(name as string), { instanceOf: TypeError })
  await t.throwsAsync(client.submit('double', 1, { kee: 'x' } as never), { instanceOf: TypeError, message: /'kee'/ })
  await t.throwsAsync(client.submit('double', 1, { key: '' }), { instanceOf: TypeError })
})

test('in order of submission, as slots are free; a host that is no worker leaves them', async t => {
  const store = memoryStore()
  const clock = new TestClock()
  const order: number[] = []
  let atOnce = 0
  const slow = defineProcess({ name: 'slow' }).step('work', async ({ data }) => {
    order.push(data as number)
    atOnce += 1
    await new Promise(setImmediate)
    t.is(atOnce--, 1)
  })
  await createTestRuntime({ processes: [slow], store, clock })
  const client = openClient(store)
  const pids: string[] = []
  for (let n = 0; n < 10; n++) {
    pids.push(await client.submit('slow', n))
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  t.is((await client.get(pids[0]!))?.status, 'pending')
  const worker = await createTestRuntime({ processes: [slow], store, clock, worker: { wait: false }, concurrency: 1 })
  await worker.idle()
  t.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const pid of pids) t.is((await client.get(pid))?.status, 'finished')
})

test('maxProcesses is honoured, and an unknown definition waits', async t => {
  const store = memoryStore()
  const client = openClient(store)
  const strange = await client.submit('strange')
  const pids = await Promise.all([1, 2, 3].map(n => client.submit('double', { n })))
  const warned = new Promise<Error>(resolve => {
    process.once('warning', resolve)
  })
  const worker = await createTestRuntime({ processes: [double], store, worker: { maxProcesses: 2 } })
  await worker.idle()
  t.regex((await warned).message, /'strange'.*does not know/)
  const statuses = await Promise.all(pids.map(async pid => (await client.get(pid))?.status))
  t.is(statuses.filter(status => status === 'finished').length, 2)
  t.is((await client.get(strange))?.status, 'pending')
  await t.throwsAsync(createTestRuntime({ processes: [], worker: { maxProcesses: 0 } }), {
    instanceOf: TypeError,
    message: /maxProcesses/,
  })
  await t.throwsAsync(createTestRuntime({ processes: [], worker: { max: 1 } as never }), {
    instanceOf: TypeError,
    message: /max/,
  })
})

test('a pending process is cancelled before it begins', async t => {
  const store = memoryStore()
  const client = openClient(store)
  const pid = await client.submit('double', { n: 1 })
  t.is(await client.cancel(pid), 'kept')
  const worker = await createTestRuntime({ processes: [double], store, worker: { wait: false } })
  await worker.idle()
  t.like(await client.get(pid), { status: 'cancelled' })
  t.is(
    (await client.history(pid)).some(({ event }) => event.type === 'DONE'),
    false,
  )
})

test('a process is forked from the step in which it failed, and goes on with the data it had', async t => {
  const dir = join(await tempDir(t), 'store')
  let broken = true
  const ran: string[] = []
  const build = defineProcess({ name: 'build', timeout: '1m' })
    .step('read', () => (ran.push('read'), { rows: 3 }))
    .interrupt('ask')
    .step('parse', ({ data }) => {
      ran.push('parse')
      if (broken) throw new Error('broken')
      return data
    })
  const runtime = await createRuntime({ processes: [build], store: lowdbStore(dir) })
  t.teardown(() => runtime.close())
  const job = await runtime.start(build, undefined, { key: 'k', labels: { user: 'ada' } })
  for await (const { status } of runtime.watch(job.pid)) if (status === 'interrupted') await job.proceed({ ok: true })
  await t.throwsAsync(job.result())
  broken = false
  const [{ outcome: retried }, { outcome: again }] = await steer(t, dir, [
    ['fork', job.pid, {}],
    ['fork', job.pid, { from: 'ask' }],
  ])
  t.deepEqual(await runtime.result(retried), { rows: 3, ok: true })
  t.deepEqual(ran, ['read', 'parse', 'parse'])
  const info = await runtime.get(retried)
  t.like(info, { forkedFrom: { pid: job.pid, step: 'parse' }, labels: { user: 'ada' }, recoveries: 0, version: '1' })
  t.is(info?.key, undefined)
  t.like(info?.steps[2], { name: 'parse', attempt: 1, status: 'finished' })
  t.true(info!.createdAt >= (await runtime.get(job.pid))!.endedAt!)
  for await (const { status } of runtime.watch(again))
    if (status === 'interrupted') t.is(await runtime.proceed(again, { ok: 'twice' }), 'taken')
  t.deepEqual(await runtime.result(again), { rows: 3, ok: 'twice' })
  await t.throwsAsync(runtime.fork(retried, { from: 'nowhere' }), {
    code: 'ERR_UNKNOWN_STEP',
    message: /read, ask, parse/,
  })
  await t.throwsAsync(runtime.fork(retried), { code: 'ERR_UNKNOWN_STEP' })
  await t.throwsAsync(runtime.fork('0'.repeat(20)), { code: 'ERR_UNKNOWN_PROCESS' })
})

test('a fork sleeps, and may run, as long as the first one might', async t => {
  const clock = new TestClock()
  const nap = defineProcess({ name: 'nap', timeout: '5s' })
    .step('a', () => 1)
    .sleep('rest', '1h')
    .interrupt('ask', { timeout: '2h' })
  const runtime = await createTestRuntime({ processes: [nap], clock, retention: false })
  const { pid } = await runtime.start(nap)
  await runtime.until(pid, 'sleeping')
  await clock.advance('1h')
  await runtime.until(pid, 'interrupted')
  await clock.advance('2h')
  await runtime.until(pid, 'error')
  const fork = await runtime.fork(pid, { from: 'rest' })
  t.is((await runtime.until(fork, 'sleeping')).steps[1]?.until, new Date(clock.now() + 3_600_000).toISOString())
  await clock.advance('1h')
  await runtime.until(fork, 'interrupted')
})

test('a worker without room reads what waits once, and takes it in order when there is room', async t => {
  const inner = memoryStore()
  const client = openClient(inner)
  const asked: string[] = []
  const looks: string[][] = []
  const store = wrappedStore(
    host => ({
      async *take(accept, skip) {
        looks.push(asked)
        yield* host.take(record => (asked.push(record.pid), accept(record)), skip)
      },
    }),
    inner,
  )
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const began: number[] = []
  const held = defineProcess({ name: 'held', input: z.object({ n: z.number() }) }).step('work', async ({ data }) => {
    began.push(data.n)
    await gates[data.n]!.promise
  })
  const pids: string[] = []
  for (const n of gates.keys()) {
    pids.push(await client.submit('held', { n }))
    // Within a millisecond there is no order.
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  const strange = await client.submit('strange')
  const runtime = await createRuntime({ processes: [held], store, worker: true, concurrency: 1, logger: quiet })
  // Every look after the first is at the same ones.
  while (looks.length < 4) {
    await inner.submit({ ...(await inner.get(strange))!.record, pid: createPid(Date.now()) })
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  for (const pid of [...pids.slice(1), strange]) t.is(asked.filter(one => one === pid).length, 1, 'read once')
  for (const [n, gate] of gates.entries()) {
    gate.resolve()
    await client.result(pids[n]!)
  }
  t.deepEqual(began, [0, 1, 2, 3])
  for (const pid of pids.slice(1)) t.is(asked.filter(one => one === pid).length, 2, 'and once more to be taken')
  t.is(asked.filter(one => one === strange).length, 1)
  await runtime.close()
})

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
