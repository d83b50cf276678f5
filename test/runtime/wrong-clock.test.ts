import test from 'ava'
import { setup } from 'xstate'
import {
  defineProcess,
  openClient,
  type Logger,
  type ProcessDefinition,
  type RuntimeEvents,
  type StepContext,
} from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { putSchedule } from '../../src/store/schedules.ts'
import type { Store } from '../../src/store/store.ts'
import { settled } from './gate.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const YEARS = 20 * 365 * DAY

function listen(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = []
  const warn = (_: object, message: string): void => void warnings.push(message)
  return { logger: { debug() {}, info() {}, warn, error: warn }, warnings }
}

async function ticksOf(store: Store): Promise<string[]> {
  const ticks: string[] = []
  for await (const { labels } of openClient(store).list({ name: 'clean' })) ticks.push(labels!['tick']!.slice(0, 16))
  return ticks.toSorted()
}

const clean = (missed: 'skip' | 'once' = 'skip') =>
  defineProcess({ name: 'clean', schedule: { every: '10m', missed } }).step('work', () => 'done')

for (const [how, aheadMs] of [
  ['an hour', 60 * MINUTE],
  ['a day', DAY],
  ['20 years', YEARS],
] as const)
  test(`a schedule that is settled ${how} ahead in the store is told once and goes on`, async t => {
    const [store, clock] = [memoryStore(), new TestClock()]
    await putSchedule(store.documents, {
      name: 'clean',
      schedule: 'every 600s',
      missed: 'skip',
      settled: clock.now() + aheadMs,
    })
    const { logger, warnings } = listen()
    const runtime = await createTestRuntime({ processes: [clean()], store, clock, logger, retention: false })
    const events: RuntimeEvents['clock-ahead'][] = []
    runtime.on('clock-ahead', event => events.push(event))
    for (let i = 0; i < 31; i++) await clock.advance(MINUTE)
    t.deepEqual(await ticksOf(store), ['2030-01-01T00:10', '2030-01-01T00:20', '2030-01-01T00:30'])
    t.is(warnings.length, 1)
    t.regex(warnings[0]!, /schedule of process 'clean' .* \d+ s ahead/)
    t.like(events, { length: 1, 0: { schedule: 'clean', aheadMs } })
    await runtime.close()
  })

test('a schedule that is settled less than a period ahead is believed: clocks of hosts differ', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  await putSchedule(store.documents, {
    name: 'clean',
    schedule: 'every 600s',
    missed: 'skip',
    settled: clock.now() + 5 * MINUTE,
  })
  const { logger, warnings } = listen()
  const runtime = await createTestRuntime({ processes: [clean()], store, clock, logger, retention: false })
  await clock.advance(11 * MINUTE)
  t.deepEqual(await ticksOf(store), ['2030-01-01T00:10'])
  t.deepEqual(warnings, [])
  await runtime.close()
})

for (const missed of ['skip', 'once'] as const)
  test(`a schedule goes on within a minute after its clock was set ahead and back while it ran: ${missed}`, async t => {
    const [store, clock] = [memoryStore(), new TestClock()]
    const { logger, warnings } = listen()
    const runtime = await createTestRuntime({ processes: [clean(missed)], store, clock, logger, retention: false })
    await clock.advance(11 * MINUTE)
    clock.set(clock.now() + DAY + 5 * MINUTE)
    await clock.advance(6 * MINUTE)
    const ahead = [...(missed === 'once' ? ['2030-01-02T00:10'] : []), '2030-01-02T00:20']
    t.deepEqual(await ticksOf(store), ['2030-01-01T00:10', ...ahead])
    clock.set(clock.now() - DAY)
    for (let i = 0; i < 20; i++) await clock.advance(MINUTE)
    t.deepEqual(await ticksOf(store), ['2030-01-01T00:10', '2030-01-01T00:30', '2030-01-01T00:40', ...ahead])
    t.is(warnings.length, 1)
    await runtime.close()
  })

test('a schedule follows a clock that is set back, and starts no tick twice', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const runtime = await createTestRuntime({
    processes: [clean()],
    store,
    clock,
    logger: listen().logger,
    retention: false,
  })
  await clock.advance(11 * MINUTE)
  clock.set(clock.now() - 45 * MINUTE)
  for (let i = 0; i < 50; i++) await clock.advance(MINUTE)
  t.deepEqual(
    await ticksOf(store),
    ['2029-12-31T23:30', '2029-12-31T23:40', '2029-12-31T23:50', '2030-01-01T00:00', '2030-01-01T00:10'].filter(
      tick => tick > '2029-12-31T23:26',
    ),
  )
  await runtime.close()
})

for (const [change, from, ticks] of [
  ['forward', '2030-03-30T12:00:00Z', ['2030-03-31T01:00', '2030-04-01T00:30']],
  ['back', '2030-10-26T12:00:00Z', ['2030-10-27T00:30', '2030-10-28T01:30']],
] as const)
  test(`a nightly schedule comes once a night, also where the clocks are put ${change}`, async t => {
    const [store, clock] = [memoryStore(), new TestClock()]
    clock.set(Date.parse(from))
    const schedule = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
    const nightly = defineProcess({ name: 'clean', schedule }).step('work', () => 'done')
    const runtime = await createTestRuntime({ processes: [nightly], store, clock, retention: false })
    for (let i = 0; i < 4 * 48; i++) await clock.advance(15 * MINUTE)
    t.deepEqual(await ticksOf(store), [...ticks])
    await runtime.close()
  })

// Waits of every kind, each of ten minutes.

const delayed = setup({}).createMachine({
  initial: 'a',
  states: { a: { after: { [10 * MINUTE]: 'b' } }, b: { type: 'final' } },
})
const flaky = ({ attempt }: StepContext): string => {
  if (attempt === 1) throw new Error('once')
  return 'done'
}
const retry = { attempts: 2, delay: '10m', jitter: false } as const
const WAITS: Record<string, ProcessDefinition> = {
  'a sleep': defineProcess({ name: 'sleeps' }).sleep('rest', '10m'),
  'a retry': defineProcess({ name: 'retries' }).step('flaky', flaky, { retry }),
  'a branch that is retried': defineProcess({ name: 'branches' }).parallel('both', { flaky: { run: flaky, retry } }),
  'the timeout of an interrupt': defineProcess({ name: 'interrupts' }).interrupt('pause', { timeout: '10m' }),
  'the timeout of a process': defineProcess({ name: 'deadline', timeout: '10m' }).step(
    'slow',
    () => new Promise(() => {}),
  ),
  'the timeout of a step': defineProcess({ name: 'limited' }).each(
    'all',
    () => [1],
    () => new Promise<number>(() => {}),
    { timeout: '10m' },
  ),
  'a delay of a machine': defineProcess({ name: 'delays' }).machine('wait', delayed),
}

for (const [name, definition] of Object.entries(WAITS)) {
  const ends = ['finished', 'error', 'timeout']

  test(`a clock that is set back does not lengthen ${name}`, async t => {
    const clock = new TestClock()
    const runtime = await createTestRuntime({ processes: [definition], clock, retention: false })
    clock.set(clock.now() + DAY)
    const job = await runtime.start(definition)
    await clock.advance(MINUTE)
    clock.set(clock.now() - DAY)
    await clock.advance(8 * MINUTE)
    t.false(ends.includes((await runtime.get(job.pid))!.status))
    await clock.advance(2 * MINUTE)
    t.true(ends.includes((await runtime.get(job.pid))!.status))
    await runtime.close({ within: 0 })
  })

  test(`the next host whose clock is right goes on with ${name}`, async t => {
    if (name === 'the timeout of a step') return t.pass('begins again with the attempt')
    const [store, clock] = [memoryStore(), new TestClock()]
    const first = await createTestRuntime({ processes: [definition], store, clock, retention: false })
    clock.set(clock.now() + YEARS)
    const { pid } = await first.start(definition)
    await clock.advance(MINUTE)
    await first.die()
    clock.set(clock.now() - YEARS)
    const { logger, warnings } = listen()
    const second = await createTestRuntime({ processes: [definition], store, clock, logger, retention: false })
    await settled()
    t.is(warnings.filter(text => text.includes('ahead')).length, 1, warnings.join('\n'))
    await clock.advance(8 * MINUTE)
    t.false(ends.includes((await second.get(pid))!.status), JSON.stringify(await second.get(pid)))
    await clock.advance(3 * MINUTE)
    t.true(ends.includes((await second.get(pid))!.status), JSON.stringify(await second.get(pid)))
    await second.close({ within: 0 })
  })
}

test('a record is never older than the one before, though the next host is half a minute behind', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const definition = defineProcess({ name: 'sleeps' })
    .sleep('rest', '10m')
    .step('report', ({ progress }) => progress(1))
  const first = await createTestRuntime({ processes: [definition], store, clock, retention: false })
  const { pid } = await first.start(definition)
  await clock.advance(MINUTE)
  await first.die()
  clock.set(clock.now() - MINUTE - 30_000)
  const { logger, warnings } = listen()
  const second = await createTestRuntime({ processes: [definition], store, clock, logger, retention: false })
  await settled()
  await clock.advance(11 * MINUTE)
  await second.until(pid, 'finished')
  const times = (await store.history(pid))!.map(({ at }) => at)
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  t.deepEqual(warnings, [])
  await second.close()
})

test('a sleep until a date follows the clock on the wall, however it is set', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const definition = defineProcess({ name: 'dated' }).sleep('rest', new Date(clock.now() + 60 * MINUTE))
  const first = await createTestRuntime({ processes: [definition], store, clock, retention: false })
  clock.set(clock.now() + 30 * MINUTE)
  const { pid } = await first.start(definition)
  await clock.advance(10 * MINUTE)
  clock.set(clock.now() - 40 * MINUTE)
  await clock.advance(40 * MINUTE)
  t.is((await first.get(pid))!.status, 'sleeping')
  await first.die()
  clock.set(clock.now() - 20 * MINUTE)
  const second = await createTestRuntime({
    processes: [definition],
    store,
    clock,
    logger: listen().logger,
    retention: false,
  })
  await settled()
  t.is((await second.get(pid))!.steps[0]!.until, new Date(Date.UTC(2030, 0, 1, 1)).toISOString())
  await clock.advance(39 * MINUTE)
  t.is((await second.get(pid))!.status, 'sleeping')
  await clock.advance(2 * MINUTE)
  t.is((await second.get(pid))!.status, 'finished')
  await second.close()
})

test('a clock that jumps ahead removes nothing for an hour, in which it may be set right', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const definition = defineProcess({ name: 'quick' }).step('work', () => 'done')
  const runtime = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await runtime.start(definition)
  await runtime.until(pid, 'finished')
  await clock.advance(2 * MINUTE)
  clock.set(clock.now() + DAY)
  await clock.advance(30 * MINUTE)
  t.is((await runtime.get(pid))?.status, 'finished')
  clock.set(clock.now() - DAY)
  await clock.advance(2 * 60 * MINUTE)
  t.is((await runtime.get(pid))?.status, 'finished')
  await clock.advance(10 * 60 * MINUTE)
  t.is(await runtime.get(pid), undefined)
  await runtime.close()
})
