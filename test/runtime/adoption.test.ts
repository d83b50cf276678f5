import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'
import { wrappedStore } from './wrapped-store.ts'

// A host that only looks for others does not keep Node alive.
const alive = setInterval(() => {}, 1000)
test.after.always(() => clearInterval(alive))

const shared = () => ({ store: memoryStore(), clock: new TestClock() })
const twice = () =>
  defineProcess({ name: 'twice' }).step(
    's',
    ({ attempt }): number => (attempt === 1 ? (new Promise(() => {}) as never) : attempt),
    {
      interrupt: true,
    },
  )

test('a host that lives takes over from one that dies, and a handle it gave out before steers then', async t => {
  const world = shared()
  const definition = twice()
  const one = await createTestRuntime({ processes: [definition], ...world })
  const two = await createTestRuntime({ processes: [definition], ...world })
  const { pid } = await one.start(definition, undefined, { key: 'k' })
  const job = await two.start(definition, undefined, { key: 'k' })
  t.is(job.pid, pid)
  await settled()
  await one.die()
  t.is((await two.until(pid, 'interrupted')).output, 2)
  await job.proceed('on')
  t.is(await job.result(), 'on' as never)
  await two.close()
})

test('of several hosts one takes over, and runs it once', async t => {
  const world = shared()
  const seen: number[] = []
  const definition = defineProcess({ name: 'once' }).step('s', ({ attempt }): number => {
    seen.push(attempt)
    return attempt === 1 ? (new Promise(() => {}) as never) : attempt
  })
  const hosts = await Promise.all([1, 2, 3, 4].map(() => createTestRuntime({ processes: [definition], ...world })))
  const jobs = await Promise.all(Array.from({ length: 10 }, () => hosts[0]!.start(definition)))
  await settled()
  await hosts[0]!.die()
  for (const { pid } of jobs) t.is(await hosts[1]!.result(pid), 2)
  t.is(seen.length, 20)
  for (const host of hosts) await host.close()
})

test.serial('what was taken before the store failed goes on; the failure is told once', async t => {
  const world = shared()
  const rounds = gate()
  let failures = 0
  const store = wrappedStore(
    host => ({
      async *adopt(accept, skip) {
        yield* host.adopt(accept, skip)
        if (!lost) return
        if (++failures === 3) rounds.open()
        throw new Error('no disk')
      },
    }),
    world.store,
  )
  let lost = false
  const warnings: string[] = []
  const listen = ({ message }: Error) => void warnings.push(message)
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const definition = twice()
  const one = await createTestRuntime({ processes: [definition], ...world })
  const { pid } = await one.start(definition)
  await settled()
  const two = await createTestRuntime({ processes: [definition], store, clock: world.clock })
  lost = true
  await one.die()
  t.is((await two.until(pid, 'interrupted')).output, 2)
  await rounds.promise
  await settled()
  t.is(warnings.filter(message => message.includes('no disk')).length, 1)
  await two.close()
})

test('closing does not wait for a round of adoption before it tells the steps to end', async t => {
  const world = shared()
  const looking = gate(),
    found = gate()
  let slow = false
  const store = wrappedStore(
    host => ({
      async *adopt(accept, skip) {
        if (slow) {
          looking.open()
          await found.promise
        }
        yield* host.adopt(accept, skip)
      },
    }),
    world.store,
  )
  const ended = gate()
  const works = defineProcess({ name: 'works' }).step('s', ({ signal }) => {
    signal.addEventListener('abort', () => ended.open())
    return ended.promise
  })
  const asks = defineProcess({ name: 'asks' }).interrupt('ask')
  const one = await createTestRuntime({ processes: [asks], ...world })
  const left = await one.start(asks)
  await settled()
  await world.clock.advance(1)
  const two = await createTestRuntime({ processes: [works, asks], store, clock: world.clock })
  await two.start(works)
  slow = true
  await looking.promise
  await one.die()
  const closing = two.close()
  await ended.promise
  found.open()
  await closing
  t.like(await two.get(left.pid), { status: 'interrupted', host: undefined })
  t.deepEqual(
    (await world.store.hosts()).map(({ state }) => state).filter(state => state === 'alive'),
    [],
  )
})

test('a process of a definition that a host does not know is asked about once', async t => {
  const { store: inner, clock } = shared()
  const unknown = defineProcess({ name: 'unknown' }).interrupt('pause')
  const one = await createTestRuntime({ processes: [unknown], store: inner, clock })
  const { pid } = await one.start(unknown)
  await one.until(pid, 'interrupted')
  await one.close()
  let rounds = 0
  let asked = 0
  const fourth = gate()
  const store = wrappedStore(
    host => ({
      async *adopt(accept, skip) {
        if (++rounds === 4) fourth.open()
        yield* host.adopt((record, owner) => {
          asked += 1
          return accept(record, owner)
        }, skip)
      },
    }),
    inner,
  )
  const two = await createTestRuntime({ processes: [twice()], store, clock })
  await fourth.promise
  t.is(asked, 1)
  await two.close()
})
