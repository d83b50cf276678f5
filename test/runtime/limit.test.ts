import { join } from 'node:path'
import test from 'ava'
import { defineProcess, lowdbStore, openClient, typed, type LimitOptions } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { tempDir } from '../temp-dir.ts'
import { gate, settled } from './gate.ts'

interface Job {
  readonly tenant: string
  readonly n: number
}

/** Notes who is under way, in the order of beginnings, and waits until it is told to end. */
function tracked(limit: LimitOptions<Job> | readonly LimitOptions<Job>[], name = 'job') {
  const begun: string[] = []
  const open = new Map<string, () => void>()
  const definition = defineProcess({ name, input: typed<Job>(), limit }).step('work', async ({ data }) => {
    const id = `${data.tenant}${data.n}`
    const { promise, open: end } = gate()
    begun.push(id)
    open.set(id, end)
    await promise
    open.delete(id)
    return id
  })
  return { definition, begun, open }
}

const until = async (isIt: () => boolean): Promise<void> => {
  for (let turn = 0; !isIt(); turn++) {
    if (turn > 1000) throw new Error('It never came')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

for (const [name, makeStore] of [
  ['memory', () => memoryStore()],
  ['lowdb', (dir: string) => lowdbStore(join(dir, 'store'))],
  ['sqlite', (dir: string) => sqliteStore(join(dir, 'store.sqlite'))],
] as const)
  test(`no more of a key are under way than its limit, on all hosts together: ${name}`, async t => {
    const store = makeStore(await tempDir(t))
    const { definition, begun, open } = tracked({ concurrency: 2, key: ({ input }) => input.tenant })
    const hosts = await Promise.all(
      [1, 2].map(() => createTestRuntime({ processes: [definition], store, worker: true })),
    )
    const client = openClient(store)
    const pids: string[] = []
    for (const n of [1, 2, 3, 4])
      for (const tenant of ['a', 'b'])
        pids.push(
          n % 2 === 0
            ? (await hosts[n % 4 === 0 ? 0 : 1]!.start(definition, { tenant, n })).pid
            : await client.submit('job', { tenant, n }),
        )
    await until(() => open.size === 4)
    await settled(20)
    t.is(begun.length, 4)
    t.is(begun.filter(id => id.startsWith('a')).length, 2)
    const waiting = (await Array.fromAsync(client.list({ status: 'pending' }))).filter(info => info.waitingFor)
    t.deepEqual(
      waiting.map(({ waitingFor }) => waitingFor!.key).toSorted((a, b) => (a! < b! ? -1 : 1)),
      ['a', 'a', 'b', 'b'],
    )
    t.is(waiting[0]!.waitingFor!.limit, 'job')
    while (open.size > 0 || begun.length < 8) {
      for (const end of open.values()) end()
      await settled()
      for (const tenant of ['a', 'b'])
        t.true([...open.keys()].filter(id => id.startsWith(tenant)).length <= 2, [...open.keys()].join(' '))
    }
    for (const pid of pids) t.is(typeof (await client.result(pid)), 'string')
    t.is(new Set(begun).size, 8)
    await Promise.all(hosts.map(host => host.close()))
    await store.close()
  })

test('keys are served in turn, and of each key the oldest first', async t => {
  const { definition, begun, open } = tracked([
    { concurrency: 1, name: 'all' },
    { concurrency: 5, key: ({ input }) => input.tenant },
  ])
  const runtime = await createTestRuntime({ processes: [definition] })
  const jobs = []
  for (const n of [1, 2, 3, 4]) jobs.push(await runtime.start(definition, { tenant: 'busy', n }))
  for (const n of [1, 2]) jobs.push(await runtime.start(definition, { tenant: 'calm', n }))
  for (let n = 0; n < 6; n++) {
    await until(() => open.size > 0)
    t.is(open.size, 1)
    open.values().next().value!()
    await settled()
  }
  await Promise.all(jobs.map(job => job.result()))
  t.deepEqual(begun, ['busy1', 'calm1', 'busy2', 'calm2', 'busy3', 'busy4'])
  await runtime.close()
})

test('no more begin within a time than a rate allows, also after a restart', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const times: number[] = []
  const definition = defineProcess({ name: 'call', limit: { rate: '3/1m' } }).step(
    'work',
    () => void times.push(clock.now()),
  )
  const host = () => createTestRuntime({ processes: [definition], store, clock, retention: false })
  let runtime = await host()
  for (let n = 0; n < 10; n++) await runtime.start(definition)
  await until(() => times.length === 3)
  await clock.advance('59s')
  await settled(20)
  t.is(times.length, 3)
  await runtime.close()
  runtime = await host()
  for (let n = 0; n < 200 && times.length < 10; n++) {
    await clock.advance('1s')
    await settled(10)
  }
  t.is(times.length, 10)
  for (const [index, at] of times.entries()) if (index >= 3) t.true(at - times[index - 3]! > 60_000)
  t.true(times.at(-1)! - times[0]! < 190_000)
  await runtime.close()
})

test('a process that sleeps or is interrupted keeps its place, unless it gives it up', async t => {
  for (const whileWaiting of [true, false]) {
    const order: string[] = []
    const nap = defineProcess({ name: 'nap', input: typed<string>(), limit: { concurrency: 1, whileWaiting } })
      .step('before', ({ data }) => (order.push(`${data} before`), data))
      .interrupt('ask')
      .step('after', ({ data }) => (order.push(`${String(data)} after`), data))
    const runtime = await createTestRuntime({ processes: [nap] })
    const first = await runtime.start(nap, 'first')
    await runtime.until(first.pid, 'interrupted')
    const second = await runtime.start(nap, 'second')
    if (whileWaiting) {
      await settled(20)
      t.is((await runtime.get(second.pid))?.status, 'pending')
    } else await runtime.until(second.pid, 'interrupted')
    await first.proceed()
    await first.result()
    await runtime.until(second.pid, 'interrupted')
    await second.proceed()
    await second.result()
    t.deepEqual(
      order,
      whileWaiting
        ? ['first before', 'first after', 'second before', 'second after']
        : ['first before', 'second before', 'first after', 'second after'],
    )
    await runtime.close()
  }
})

test('one that goes on waits for its place, and comes before those that begin', async t => {
  const order: string[] = []
  const gates = new Map(['second', 'third'].map(name => [name, gate()]))
  const nap = defineProcess({ name: 'nap', input: typed<string>(), limit: { concurrency: 1, whileWaiting: false } })
    .sleep('rest', ({ data }) => (data === 'first' ? '1h' : '1s'))
    .step('work', async ({ data }) => {
      order.push(data)
      await gates.get(data)?.promise
    })
  const runtime = await createTestRuntime({ processes: [nap] })
  const first = await runtime.start(nap, 'first')
  await runtime.until(first.pid, 'sleeping')
  const second = await runtime.start(nap, 'second')
  await runtime.until(second.pid, 'sleeping')
  await runtime.clock.advance('1s')
  await until(() => order.length === 1)
  const third = await runtime.start(nap, 'third')
  await runtime.clock.advance('1h')
  await settled(20)
  t.deepEqual(order, ['second'])
  gates.get('second')!.open()
  await Promise.all([first.result(), second.result()])
  await runtime.until(third.pid, 'sleeping')
  await runtime.clock.advance('1s')
  gates.get('third')!.open()
  await third.result()
  t.deepEqual(order, ['second', 'first', 'third'])
  await runtime.close()
})

test('the place of a dead host is kept by the process that is adopted, and then is free', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const { definition, begun, open } = tracked({ concurrency: 1 })
  const one = await createTestRuntime({ processes: [definition], store, clock })
  const first = await one.start(definition, { tenant: 'a', n: 1 })
  await until(() => open.size === 1)
  const second = await one.start(definition, { tenant: 'a', n: 2 })
  await one.die()
  open.clear()
  const two = await createTestRuntime({ processes: [definition], store, clock })
  await until(() => open.size === 1)
  await settled(20)
  t.deepEqual(begun, ['a1', 'a1'])
  open.get('a1')!()
  await until(() => open.has('a2'))
  open.get('a2')!()
  await Promise.all([first, second].map(({ pid }) => two.result(pid)))
  await two.close()
})

test('definitions share a limit by its name; children are limited too', async t => {
  const one = tracked({ concurrency: 1, name: 'shared' }, 'one')
  const two = tracked({ concurrency: 1, name: 'shared' }, 'two')
  const parent = defineProcess({ name: 'parent', input: typed<Job>() }).process('child', two.definition)
  const runtime = await createTestRuntime({ processes: [one.definition, parent] })
  const first = await runtime.start(one.definition, { tenant: 'a', n: 1 })
  await until(() => one.open.size === 1)
  const second = await runtime.start(parent, { tenant: 'b', n: 1 })
  await settled(20)
  t.deepEqual(two.begun, [])
  one.open.get('a1')!()
  await first.result()
  await until(() => two.open.size === 1)
  two.open.get('b1')!()
  t.is(await second.result(), 'b1')
  await runtime.close()
})

test('what waits for a limit can be cancelled; a pause and a limit go together', async t => {
  const { definition, begun, open } = tracked({ concurrency: 1 })
  const runtime = await createTestRuntime({ processes: [definition] })
  const jobs = []
  for (const n of [1, 2, 3]) jobs.push(await runtime.start(definition, { tenant: 'a', n }))
  await until(() => open.size === 1)
  t.is(await jobs[1]!.cancel(), 'taken')
  t.is((await runtime.get(jobs[1]!.pid))?.status, 'cancelled')
  await runtime.pause('job')
  open.get('a1')!()
  await jobs[0]!.result()
  await settled(20)
  t.like(await runtime.get(jobs[2]!.pid), { status: 'pending', paused: true })
  await runtime.resume('job')
  await until(() => open.size === 1)
  open.get('a3')!()
  await jobs[2]!.result()
  t.deepEqual(begun, ['a1', 'a3'])
  await runtime.close()
})

test('a failed process frees its place; its retry waits for one', async t => {
  let fails = true
  const go = gate()
  const definition = defineProcess({ name: 'flaky', limit: { concurrency: 1 } }).step('work', async () => {
    if (fails) throw new Error('no')
    await go.promise
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const first = await runtime.start(definition)
  await t.throwsAsync(first.result())
  fails = false
  const second = await runtime.start(definition)
  await runtime.until(second.pid, 'running')
  const again = await runtime.retry(first.pid)
  await settled(20)
  t.like(await runtime.get(again), { status: 'pending', waitingFor: { limit: 'flaky' } })
  go.open()
  await runtime.result(again)
  await runtime.close()
})

test('wrong limits are refused, and so are keys that are none', async t => {
  for (const limit of [
    {},
    { concurrency: 0 },
    { rate: 'often' },
    { rate: '5/never' },
    { rate: '5/0s' },
    [{}],
  ] as never[])
    t.throws(() => defineProcess({ name: 'x', limit }), { instanceOf: TypeError, message: /limit of process 'x'/ })
  const definition = defineProcess({
    name: 'keyed',
    input: typed<{ tenant?: string }>(),
    limit: { concurrency: 1, key: ({ input }) => input.tenant! },
  }).step('work', () => 1)
  const runtime = await createTestRuntime({ processes: [definition], worker: true })
  const message = /key of limit 'keyed' of process 'keyed' must be a string or a number; received undefined/
  await t.throwsAsync(runtime.start(definition, {}), { instanceOf: TypeError, message })
  const pid = await runtime.submit('keyed', {})
  await t.throwsAsync(runtime.result(pid), { message })
  await runtime.close()
})

test('on the command line', async t => {
  const dir = join(await tempDir(t), 'store')
  const { definition, open } = tracked({ concurrency: 1, key: ({ input }) => input.tenant })
  const runtime = await createTestRuntime({ processes: [definition], store: lowdbStore(dir) })
  await runtime.start(definition, { tenant: 'ada', n: 1 })
  const { pid } = await runtime.start(definition, { tenant: 'ada', n: 2 })
  await until(() => open.size === 1)
  t.regex((await runCli(['show', pid, '--store', dir])).stdout, /waits for +limit job \(ada\)/)
  open.get('ada1')!()
  await until(() => open.has('ada2'))
  open.get('ada2')!()
  await runtime.result(pid)
  await runtime.close()
})
