import test from 'ava'
import { z } from 'zod'
import { defineProcess, openClient, type ProcessInfo } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import type { Store } from '../../src/store/store.ts'
import { settled } from './gate.ts'

const MINUTE = 60_000

async function ticksOf(store: Store, name = 'clean'): Promise<string[]> {
  const infos: ProcessInfo[] = []
  for await (const info of openClient(store).list({ name })) infos.push(info)
  return infos.map(({ labels }) => labels?.['tick']?.slice(11, 19) ?? '?').toSorted()
}

const define = (missed: 'skip' | 'once' = 'skip') =>
  defineProcess({ name: 'clean', schedule: { every: '10m', missed } }).step('work', () => 'done')

test('a process per tick, whatever the number of hosts', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const definition = define()
  const hosts = await Promise.all(
    [1, 2, 3].map(() => createTestRuntime({ processes: [definition], store, clock, retention: false })),
  )
  t.deepEqual(await ticksOf(store), [])
  for (let i = 0; i < 31; i++) await clock.advance(MINUTE)
  t.deepEqual(await ticksOf(store), ['00:10:00', '00:20:00', '00:30:00'])
  t.like((await openClient(store).schedules())[0], {
    name: 'clean',
    schedule: 'every 600s',
    missed: 'skip',
    next: '2030-01-01T00:40:00.000Z',
  })
  // The death of one is not noticed.
  await hosts[0]!.die()
  for (let i = 0; i < 10; i++) await clock.advance(MINUTE)
  t.deepEqual(await ticksOf(store), ['00:10:00', '00:20:00', '00:30:00', '00:40:00'])
  await Promise.all(hosts.slice(1).map(host => host.close()))
  await clock.advance(20 * MINUTE)
  t.is((await ticksOf(store)).length, 4)
})

for (const missed of ['skip', 'once'] as const)
  test(`ticks that nobody was there for: ${missed}`, async t => {
    const [store, clock] = [memoryStore(), new TestClock()]
    const host = () => createTestRuntime({ processes: [define(missed)], store, clock, retention: false })
    const one = await host()
    await clock.advance(11 * MINUTE)
    await one.close()
    await clock.advance(34 * MINUTE)
    const two = await host()
    await settled()
    t.deepEqual(await ticksOf(store), missed === 'once' ? ['00:10:00', '00:40:00'] : ['00:10:00'])
    await two.close()
    const three = await host()
    await settled()
    await clock.advance(6 * MINUTE)
    t.deepEqual(
      await ticksOf(store),
      missed === 'once' ? ['00:10:00', '00:40:00', '00:50:00'] : ['00:10:00', '00:50:00'],
    )
    await three.close()
  })

test('once means once, also when the process has been deleted since', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const host = () => createTestRuntime({ processes: [define('once')], store, clock, retention: false })
  const one = await host()
  await clock.advance(11 * MINUTE)
  for await (const { pid } of one.list()) await one.delete(pid)
  await one.close()
  await clock.advance(MINUTE)
  const two = await host()
  await settled()
  t.deepEqual(await ticksOf(store), [])
  await two.close()
})

test('a host may leave schedules to others; one that cannot be started is told and goes on', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const quiet = await createTestRuntime({ processes: [define()], store, clock, schedules: false })
  await clock.advance(11 * MINUTE)
  t.deepEqual(await ticksOf(store), [])
  await quiet.close()
  const told: string[] = []
  const log = (_: object, message: string): void => void told.push(message)
  const logger = { debug() {}, info() {}, warn: log, error: log }
  const needy = defineProcess({ name: 'needy', schedule: { every: '10m' }, input: z.object({ n: z.number() }) }).step(
    'work',
    () => 1,
  )
  const runtime = await createTestRuntime({ processes: [needy], store, clock, logger })
  await clock.advance(20 * MINUTE)
  t.is(told.length, 2)
  t.regex(told[0]!, /'needy' could not be started at .* is invalid/)
  await runtime.close()
})
