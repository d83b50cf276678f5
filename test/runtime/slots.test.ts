import test from 'ava'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'

test('no more run at once than there are slots, in the order of their start', async t => {
  let now = 0,
    most = 0
  const order: number[] = []
  const gates = Array.from({ length: 10 }, () => gate())
  const definition = defineProcess({ name: 'limited', input: typed<number>() })
    .step('s', async ({ data }) => {
      order.push(data)
      most = Math.max(most, ++now)
      await gates[data]?.promise
      now -= 1
      return data
    })
    .step('more', ({ data }) => data)
  const runtime = await createTestRuntime({ processes: [definition], concurrency: 3 })
  const jobs = []
  for (let n = 0; n < 10; n++) jobs.push(await runtime.start(definition, n))
  await settled()
  t.deepEqual(order, [0, 1, 2])
  t.is((await Array.fromAsync(runtime.list({ status: 'pending' }))).length, 7)
  for (const { open } of gates) {
    open()
    await settled()
  }
  t.deepEqual(await Promise.all(jobs.map(job => job.result())), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.is(most, 3)
})

test('a thousand that wait do not keep the next one from running in the only slot', async t => {
  const sleeping = defineProcess({ name: 'sleeping' })
    .sleep('long', '30d')
    .step('s', () => 1)
  const paused = defineProcess({ name: 'paused' }).interrupt('ask')
  const retrying = defineProcess({ name: 'retrying' }).step(
    's',
    () => {
      throw new Error('x')
    },
    { retry: { attempts: 2, delay: '30d', maxDelay: '30d' } },
  )
  const quick = defineProcess({ name: 'quick' }).step('s', () => 'done')
  const runtime = await createTestRuntime({ processes: [sleeping, paused, retrying, quick], concurrency: 1 })
  for (let n = 0; n < 334; n++)
    await Promise.all([runtime.start(sleeping), runtime.start(paused), runtime.start(retrying)])
  const job = await runtime.start(quick)
  t.is(await job.result(), 'done')
  await runtime.close()
})

test('those that go on come before those that begin', async t => {
  const order: string[] = []
  const go = gate()
  const napper = defineProcess({ name: 'napper' })
    .sleep('nap', '1s')
    .step('after', () => void order.push('napper'))
  const retrier = defineProcess({ name: 'retrier' }).step(
    's',
    ({ attempt }) => {
      if (attempt === 1) throw new Error('once')
      order.push('retrier')
    },
    { retry: { attempts: 2, delay: '2s', jitter: false } },
  )
  const asker = defineProcess({ name: 'asker' })
    .interrupt('ask')
    .step('after', () => void order.push('asker'))
  const blocker = defineProcess({ name: 'blocker' }).step('s', () => go.promise)
  const next = defineProcess({ name: 'next', input: typed<number>() }).step(
    's',
    ({ data }) => void order.push(`next ${data}`),
  )
  const runtime = await createTestRuntime({ processes: [napper, retrier, asker, blocker, next], concurrency: 1 })
  const waiting = [await runtime.start(napper), await runtime.start(retrier), await runtime.start(asker)]
  await runtime.until(waiting[2]!.pid, 'interrupted')
  const first = await runtime.start(blocker)
  await runtime.until(first.pid, 'running')
  const begins = [await runtime.start(next, 1), await runtime.start(next, 2)]
  await runtime.clock.advance('3s')
  await waiting[2]!.proceed()
  await settled()
  t.deepEqual(order, [])
  go.open()
  await Promise.all([...waiting, ...begins].map(job => job.result()))
  t.deepEqual(order, ['napper', 'retrier', 'asker', 'next 1', 'next 2'])
})

test('cancelled while it waits for its slot, a process takes none', async t => {
  const go = gate()
  const definition = defineProcess({ name: 'queue', input: typed<string>() }).step('s', async ({ data }) =>
    data === 'first' ? go.promise : data,
  )
  const runtime = await createTestRuntime({ processes: [definition], concurrency: 1 })
  const first = await runtime.start(definition, 'first')
  const second = await runtime.start(definition, 'second')
  const third = await runtime.start(definition, 'third')
  await second.cancel()
  go.open()
  await first.result()
  t.is(await third.result(), 'third')
  for (const n of ['a', 'b', 'c']) t.is(await (await runtime.start(definition, n)).result(), n)
})

test('a host that takes over runs those that had begun first, then the pending ones by age', async t => {
  const store = memoryStore(),
    clock = new TestClock()
  const order: string[] = []
  const define = (work: (name: string, attempt: number) => unknown) =>
    defineProcess({ name: 'taken', input: typed<string>() }).step(
      's',
      async ({ data, attempt }) => void (await work(data, attempt)),
    )
  const before = define(() => new Promise(() => {}))
  const one = await createTestRuntime({ processes: [before], store, clock, concurrency: 2 })
  for (const name of ['begun 1', 'begun 2', 'pending 1', 'pending 2']) await one.start(before, name)
  await settled()
  await one.die()
  const after = define((name, attempt) => order.push(`${name} ${attempt}`))
  const two = await createTestRuntime({ processes: [after], store, clock, concurrency: 1 })
  for await (const { pid } of two.list()) await two.result(pid)
  t.deepEqual(order, ['begun 1 2', 'begun 2 2', 'pending 1 1', 'pending 2 1'])
})
