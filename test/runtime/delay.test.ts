import { join } from 'node:path'
import test from 'ava'
import { defineProcess, lowdbStore, openClient, typed } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { tempDir } from '../temp-dir.ts'
import { gate, settled } from './gate.ts'

const define = (order: unknown[] = []) =>
  defineProcess({ name: 'mail', input: typed<string>() }).step('send', ({ data }) => {
    order.push(data)
    return data
  })

for (const [name, makeStore] of [
  ['memory', () => memoryStore()],
  ['lowdb', (dir: string) => lowdbStore(join(dir, 'store'))],
  ['sqlite', (dir: string) => sqliteStore(join(dir, 'store.sqlite'))],
] as const)
  test(`a delayed process begins when it is due, also after a restart and on a host that is no worker: ${name}`, async t => {
    const [store, clock, order] = [makeStore(await tempDir(t)), new TestClock(), [] as string[]]
    const definition = define(order)
    const host = (worker = false) => createTestRuntime({ processes: [definition], store, clock, worker })
    const one = await host()
    const begun = clock.now()
    const after = await one.start(definition, 'after', { delay: '10m', key: 'a key' })
    const at = await one.start(definition, 'at', { delay: new Date(begun + 20 * 60_000) })
    t.is((await one.start(definition, 'again', { delay: '1m', key: 'a key' })).pid, after.pid)
    t.like(await one.get(after.pid), { status: 'pending', startsAt: new Date(begun + 600_000).toISOString() })
    await one.close()
    const two = await host()
    await settled()
    await clock.advance('9m')
    t.deepEqual(order, [])
    await clock.advance('1m')
    t.is(await two.result(after.pid), 'after')
    t.is((await two.get(at.pid))?.status, 'pending')
    await clock.advance('10m')
    t.is(await two.result(at.pid), 'at')
    t.deepEqual(order, ['after', 'at'])
    await two.close()
    await store.close()
  })

test('a delayed process that is cancelled never begins', async t => {
  const order: string[] = []
  const definition = define(order)
  const runtime = await createTestRuntime({ processes: [definition] })
  const { pid, cancel } = await runtime.start(definition, 'late', { delay: '1h' })
  t.is(await cancel('no longer wanted'), 'taken')
  t.like(await runtime.get(pid), { status: 'cancelled', error: { message: 'no longer wanted' } })
  await runtime.idle()
  t.deepEqual(order, [])
  await runtime.close()
})

test('what is submitted with a delay waits for a worker and its time', async t => {
  const order: string[] = []
  const definition = define(order)
  const [store, clock] = [memoryStore(), new TestClock()]
  // Clients go by the clock of the machine.
  clock.set(Date.now())
  const client = openClient(store)
  const pid = await client.submit('mail', 'later', { delay: '1h' })
  const runtime = await createTestRuntime({ processes: [definition], store, clock, worker: true })
  t.is(await client.result(await client.submit('mail', 'now')), 'now')
  t.is((await client.get(pid))?.status, 'pending')
  await clock.advance('61m')
  t.is(await client.result(pid), 'later')
  await runtime.close()
})

test('of those that wait, the highest priority begins first, and of these the oldest', async t => {
  const order: string[] = []
  const go = gate()
  const blocker = defineProcess({ name: 'blocker' }).step('wait', () => go.promise)
  const definition = define(order)
  const store = memoryStore()
  const client = openClient(store)
  const submit = async (input: string, priority?: number): Promise<string> => {
    const pid = await client.submit('mail', input, { priority })
    // Within a millisecond there is no order.
    await new Promise(resolve => setTimeout(resolve, 2))
    return pid
  }
  const submitted = [await submit('low', -5), await submit('first'), await submit('high', 100), await submit('second')]
  const runtime = await createTestRuntime({ processes: [blocker, definition], store, concurrency: 1, worker: true })
  for (const pid of submitted) await runtime.result(pid)
  t.deepEqual(order.splice(0), ['high', 'first', 'second', 'low'])
  t.is((await runtime.get(submitted[2]!))?.priority, 100)
  const first = await runtime.start(blocker)
  const jobs = [
    await runtime.start(definition, 'low', { priority: -1 }),
    await runtime.start(definition, 'first'),
    await runtime.start(definition, 'high', { priority: 7 }),
    await runtime.start(definition, 'second', { priority: 0 }),
  ]
  go.open()
  await first.result()
  for (const job of jobs) await job.result()
  t.deepEqual(order, ['high', 'first', 'second', 'low'])
  await runtime.close()
})

test('wrong delays and priorities are refused', async t => {
  const definition = define()
  const runtime = await createTestRuntime({ processes: [definition] })
  for (const delay of ['soon', -1, new Date('never')] as never[])
    await t.throwsAsync(runtime.start(definition, '', { delay }), {
      instanceOf: TypeError,
      message: /delay of start\(\)/,
    })
  for (const priority of [101, 0.5, 'high'] as never[])
    await t.throwsAsync(runtime.submit('mail', '', { priority }), {
      instanceOf: TypeError,
      message: /priority of submit\(\) must be an integer from -100 to 100/,
    })
  await runtime.close()
})

test('on the command line', async t => {
  const dir = join(await tempDir(t), 'store')
  const runtime = await createTestRuntime({ processes: [define()], store: lowdbStore(dir) })
  const run = (...argv: string[]) => runCli([...argv, '--store', dir])
  const pid = (await run('submit', 'mail', '--input', '"x"', '--delay', '2h', '--priority', '-7')).stdout.trim()
  const { createdAt, startsAt, priority } = (await runtime.get(pid))!
  t.is(Date.parse(startsAt!) - Date.parse(createdAt), 7_200_000)
  t.is(priority, -7)
  const at = (await run('submit', 'mail', '--delay', '2040-01-01T12:00:00Z')).stdout.trim()
  t.is((await runtime.get(at))?.startsAt, '2040-01-01T12:00:00.000Z')
  t.regex((await run('show', at)).stdout, /starts +2040-01-01T12:00:00.000Z/)
  t.regex((await run('show', pid)).stdout, /priority +-7/)
  t.is((await run('submit', 'mail', '--priority', 'high')).status, 2)
  await runtime.close()
})
