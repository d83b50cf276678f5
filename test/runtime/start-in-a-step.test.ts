import test from 'ava'
import { setup } from 'xstate'
import { defineProcess, stepActor, typed, type StepContext } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { settled } from './gate.ts'

const letter = defineProcess({ name: 'letter', input: typed<{ to: string }>() })
  .sleep('rest', '1h')
  .step('write', ({ input }) => input.to)

test('a step starts a process that outlives it; each attempt gets the same one', async t => {
  const clock = new TestClock()
  const pids: string[] = []
  const order = defineProcess({ name: 'order' }).step(
    'pack',
    async ({ start, attempt }) => {
      pids.push(await start(letter, { to: 'Ada' }), await start(letter, { to: 'Bob' }, { key: 'to Bob' }))
      if (attempt === 1) throw new Error('again')
      return null
    },
    { retry: { attempts: 2, delay: '1m', jitter: false } },
  )
  const runtime = await createTestRuntime({ processes: [order, letter], clock })
  t.teardown(() => runtime.close())
  const job = await runtime.start(order)
  await settled(20)
  await clock.advance('1m')
  await job.result()
  const [ada, bob, ...again] = pids as [string, string, string, string]
  t.deepEqual(again, [ada, bob])
  t.like(await runtime.get(ada), { status: 'sleeping', key: `${job.pid}:pack:letter`, parent: undefined })
  t.is((await runtime.byKey('to Bob'))?.pid, bob)
  await runtime.delete(job.pid)
  await clock.advance('1h')
  t.is(await runtime.result(ada), 'Ada')
  t.is(await runtime.result(bob), 'Bob')
})

test('a step whose host dies finds the process that it had started', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const pids: string[] = []
  const order = defineProcess({ name: 'order' }).step('pack', async ({ start, attempt }) => {
    pids.push(await start(letter, { to: 'Ada' }))
    if (attempt === 1) await new Promise(() => {})
    return pids.length
  })
  const processes = [order, letter]
  const one = await createTestRuntime({ processes, store, clock })
  const { pid } = await one.start(order)
  while (pids.length === 0) await settled()
  await one.die()
  const two = await createTestRuntime({ processes, store, clock })
  t.teardown(() => two.close())
  t.is(await two.result(pid), 2)
  t.is(pids[0], pids[1])
  await clock.advance('1h')
  t.is(await two.result(pids[0]!), 'Ada')
})

test('items and step actors have keys of their own', async t => {
  const machine = setup({
    types: { context: {} as object },
    actors: { write: stepActor(({ start }: StepContext) => start(letter, { to: 'actor' })) },
  }).createMachine({
    context: {},
    initial: 'a',
    states: { a: { invoke: { id: 'write', src: 'write', onDone: 'b' } }, b: { type: 'final' } },
  })
  const many = defineProcess({ name: 'many' })
    .each(
      'all',
      () => ['a', 'b'],
      ({ data, start }) => start(letter, { to: data }),
    )
    .machine('m', machine, { input: () => undefined })
  const runtime = await createTestRuntime({ processes: [many, letter] })
  t.teardown(() => runtime.close())
  const { pid } = await runtime.start(many)
  await runtime.result(pid)
  const keys = await Array.fromAsync(runtime.list({ name: 'letter' }))
  t.deepEqual(
    keys.map(({ key = '' }) => key).toSorted((a, b) => (a < b ? -1 : 1)),
    ['all:0:letter', 'all:1:letter', 'm:write:1:letter'].map(key => `${pid}:${key}`),
  )
})

test('what cannot be started says why', async t => {
  const stranger = defineProcess({ name: 'stranger' }).step('a', () => 1)
  const failing = (start: (context: StepContext) => Promise<string>) =>
    defineProcess({ name: 'order' }).step('pack', context => start(context))
  for (const [start, message] of [
    [({ start }: StepContext) => start(stranger), /stranger/],
    [({ start }: StepContext) => start(letter, { to: new Date() } as never), /to/],
    [({ start }: StepContext) => start('letter' as never), /A process definition must be/],
    [({ start }: StepContext) => start(letter, { to: 'x' }, { kye: 'x' } as never), /kye/],
  ] as const) {
    const definition = failing(start)
    const runtime = await createTestRuntime({ processes: [definition, letter] })
    t.teardown(() => runtime.close())
    await t.throwsAsync((await runtime.start(definition)).result(), { message })
  }
  await t.throwsAsync(failing(({ start }) => start(letter, { to: 'x' })).run(), {
    message: /start\(\) cannot start a process from Step 'pack'.*runs in its caller/,
  })
})
