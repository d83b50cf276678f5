import test from 'ava'
import { defineProcess, type ProcessDefinition } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock, type TestRuntimeOptions } from '../../src/testing/index.ts'
import { settled } from './gate.ts'

const forever = () => new Promise(() => {}) as never

/** Hosts on one store and one clock, one after the other. */
function world(processes: ProcessDefinition[]) {
  const shared = { store: memoryStore(), clock: new TestClock() }
  return {
    ...shared,
    host: (options: Partial<TestRuntimeOptions> = {}) =>
      createTestRuntime({ processes, services: {}, ...shared, ...options } as TestRuntimeOptions),
  }
}

const firstHangs = (hangs: (attempt: number) => boolean, seen: [string, number, string][] = []) => {
  const work = ({
    step,
    attempt,
    idempotencyKey,
  }: {
    step: string
    attempt: number
    idempotencyKey: string
  }): string => {
    seen.push([step, attempt, idempotencyKey])
    return hangs(attempt) ? forever() : `${step} ${attempt}`
  }
  return defineProcess({ name: 'hangs' }).step('one', work).step('two', work)
}

test('a step under which the host dies runs again: next attempt, same key; finished steps do not', async t => {
  const seen: [string, number, string][] = []
  const definition = defineProcess({ name: 'hangs' })
    .step('one', () => void seen.push(['one', 0, '']))
    .step('two', ({ attempt, idempotencyKey }) => {
      seen.push(['two', attempt, idempotencyKey])
      return attempt === 1 ? forever() : 'done'
    })
  const { host } = world([definition])
  const one = await host()
  const { pid } = await one.start(definition)
  await settled()
  await one.die()
  t.is((await one.get(pid))?.host?.state, 'dead')
  const two = await host()
  t.is(await two.result(pid), 'done')
  t.deepEqual(seen, [
    ['one', 0, ''],
    ['two', 1, `${pid}:two`],
    ['two', 2, `${pid}:two`],
  ])
  t.like(await two.get(pid), { recoveries: 1 })
})

test('deaths in a row during one step are counted up to maxRecoveries', async t => {
  const definition = firstHangs(() => true)
  const { host } = world([definition])
  let runtime = await host({ maxRecoveries: 2 })
  const { pid } = await runtime.start(definition)
  for (const attempt of [2, 3]) {
    await settled()
    await runtime.die()
    runtime = await host({ maxRecoveries: 2 })
    await settled()
    t.like((await runtime.get(pid))?.steps[0], { attempt, status: 'running' })
  }
  await runtime.die()
  runtime = await host({ maxRecoveries: 2 })
  const error = await t.throwsAsync(runtime.result(pid), { code: 'ERR_HOST_DIED', message: /one/ })
  t.like(error, { step: 'one', attempt: 3 })
  t.like(await runtime.get(pid), { status: 'error', recoveries: 3 })
})

test('a finished step resets the count, a shutdown does not add to it', async t => {
  const definition = firstHangs(attempt => attempt < 3)
  const { host } = world([definition])
  let runtime = await host({ maxRecoveries: 2 })
  const { pid } = await runtime.start(definition)
  for (let death = 1; death <= 4; death++) {
    await settled()
    await runtime.die()
    runtime = await host({ maxRecoveries: 2 })
  }
  t.is(await runtime.result(pid), 'two 3')
  t.like(await runtime.get(pid), { recoveries: 4 })
})

test("recover: 'fail' ends what a dead host left behind, recover: false leaves it", async t => {
  const definition = firstHangs(() => true)
  const sleeper = defineProcess({ name: 'sleeper' }).sleep('nap', '1h')
  const { host, store } = world([definition, sleeper])
  const one = await host()
  const running = await one.start(definition),
    sleeping = await one.start(sleeper)
  await settled()
  await one.die()
  const idle = await host({ recover: false })
  await settled()
  for (const { pid } of [running, sleeping]) t.is((await store.get(pid))?.host?.state, 'dead')
  await idle.close()
  const failing = await host({ recover: 'fail' })
  for (const { pid } of [running, sleeping]) await t.throwsAsync(failing.result(pid), { code: 'ERR_HOST_DIED' })
  await failing.close()
})

test("recover: 'fail' goes on with what was let go in order", async t => {
  const sleeper = defineProcess({ name: 'sleeper' })
    .sleep('nap', '1h')
    .step('s', () => 'slept')
  const { host, clock } = world([sleeper])
  const one = await host()
  const { pid } = await one.start(sleeper)
  await one.until(pid, 'sleeping')
  await one.close()
  const two = await host({ recover: 'fail' })
  await clock.advance('1h')
  t.is(await two.result(pid), 'slept')
})

test('taking over what waits writes no record: nothing has happened to it', async t => {
  const sleeper = defineProcess({ name: 'sleeper' }).sleep('nap', '1h')
  const asker = defineProcess({ name: 'asker' }).interrupt('ask')
  const { host } = world([sleeper, asker])
  const one = await host()
  const jobs = [await one.start(sleeper), await one.start(asker)]
  await settled()
  const lengths = await Promise.all(jobs.map(async ({ pid }) => (await one.history(pid)).length))
  await one.die()
  const two = await host()
  await settled()
  t.deepEqual(await Promise.all(jobs.map(async ({ pid }) => (await two.history(pid)).length)), lengths)
  await two.close()
})

test('what the new host does not know stays untouched and visible', async t => {
  const definition = defineProcess({ name: 'old' })
    .step('first', () => 1)
    .interrupt('ask')
  const renamed = defineProcess({ name: 'old' })
    .step('first', () => 1)
    .interrupt('approve')
  const versioned = defineProcess({ name: 'old', version: '2' })
    .step('first', () => 1)
    .interrupt('ask')
  const { host, store } = world([definition])
  const one = await host()
  const { pid } = await one.start(definition)
  await one.until(pid, 'interrupted')
  await one.die()
  for (const processes of [[], [renamed], [versioned]]) {
    const two = await host({ processes })
    await settled()
    t.like(await two.get(pid), { status: 'interrupted', host: { state: 'dead' }, output: 1 })
    t.is(await two.proceed(pid), 'kept')
    await two.close()
  }
  const three = await host()
  // Kept three times, and taken once.
  await three.until(pid, 'finished')
  t.is((await store.history(pid))?.filter(({ event }) => event.type === 'PROCEED').length, 1)
})

test('what is left of a process timeout is kept', async t => {
  const definition = defineProcess({ name: 'bounded', timeout: '10m' }).sleep('nap', '1h').step('s', forever)
  const { host, clock } = world([definition])
  const one = await host()
  const { pid } = await one.start(definition)
  await one.until(pid, 'sleeping')
  await clock.advance('1h')
  await clock.advance('4m')
  const { deadline } = (await one.get(pid)) ?? {}
  await one.die()
  await clock.advance('1m')
  const two = await host()
  await settled()
  t.is((await two.get(pid))?.deadline, deadline)
  await clock.advance('5m')
  t.is((await two.until(pid, 'timeout')).status, 'timeout')
})
