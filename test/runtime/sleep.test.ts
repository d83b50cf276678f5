import test from 'ava'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime, TestClock } from '../../src/testing/index.ts'
import { settled } from './gate.ts'

const HOUR = 3_600_000

const iso = (ms: number) => new Date(ms).toISOString()

test('sleeps for a duration, until a Date, or as a function says; the data goes on', async t => {
  const clock = new TestClock(),
    began = clock.now()
  const sleeper = defineProcess({ name: 'sleeper', input: typed<{ hours: number }>() })
    .sleep('duration', '30m')
    .sleep('date', new Date(began + HOUR))
    .sleep('computed', ({ data }) => data.hours * HOUR)
    .sleep('computed-date', ({ data }) => new Date(began + 3 * HOUR + data.hours))
    .step('woken', ({ data }) => ({ ...data, woken: clock.now() - began }))
  const runtime = await createTestRuntime({ processes: [sleeper], clock })
  const job = await runtime.start(sleeper, { hours: 1 })
  for (const [step, until] of [HOUR / 2, HOUR, 2 * HOUR, 3 * HOUR + 1].entries()) {
    const info = await runtime.until(
      job.pid,
      ({ status, steps }) => status === 'sleeping' && steps[step]?.status === 'sleeping',
    )
    t.is(info.steps[step]?.until, iso(began + until))
    await runtime.clock.advance(began + until - 1 - clock.now())
    t.is((await runtime.get(job.pid))?.steps[step]?.status, 'sleeping')
    await runtime.clock.advance(1)
  }
  t.deepEqual(await job.result(), { hours: 1, woken: 3 * HOUR + 1 })
})

test('a Date that is past wakes at once; zero too', async t => {
  const definition = defineProcess({ name: 'past' })
    .sleep('date', new Date(0))
    .sleep('zero', 0)
    .step('s', () => 'awake')
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.clock.advance(0)
  await runtime.clock.advance(0)
  t.is(await job.result(), 'awake')
})

const asleep = async () => {
  const definition = defineProcess({ name: 'hours' }).sleep('nap', '2h')
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  const { steps } = await runtime.until(job.pid, 'sleeping')
  return {
    runtime,
    clock: runtime.clock,
    until: Date.parse(steps[0]?.until ?? ''),
    status: async () => (await settled(), (await runtime.get(job.pid))?.status),
  }
}

test('a clock that is set forward wakes sooner: within a minute of the time it says', async t => {
  const { clock, until, status } = await asleep()
  await clock.advance('30m')
  clock.set(clock.now() + HOUR)
  await clock.advance('29m')
  t.true(clock.now() < until)
  t.is(await status(), 'sleeping')
  await clock.advance('1m')
  t.is(clock.now(), until)
  await clock.advance('1m')
  t.is(await status(), 'finished')
})

test('a clock that is set past the time wakes within a minute', async t => {
  const { clock, until, status } = await asleep()
  clock.set(until + HOUR)
  await clock.advance('1m')
  t.is(await status(), 'finished')
})
