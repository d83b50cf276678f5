import test from 'ava'
import { assign, createMachine, fromPromise, raise, sendTo, setup, spawnChild } from 'xstate'
import { defineProcess, ProcessError, typed } from '../../src/index.ts'
import { chartOf } from '../../src/machines/chart.ts'
import { planOf } from '../../src/steps/plan.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { createTestRuntime } from '../../src/testing/test-runtime.ts'
import { TestClock } from '../../src/testing/test-clock.ts'
import { settled } from './gate.ts'

const begun = defineProcess({ name: 'document', input: typed<{ draft: string }>() })

const approval = setup({
  types: {
    input: {} as { draft: string },
    output: {} as { approved: boolean; seen: number },
    context: {} as { draft: string; seen: number; approved: boolean },
    events: {} as { type: 'OPEN' } | { type: 'YES' } | { type: 'NO' } | { type: 'LOOK' },
  },
}).createMachine({
  context: ({ input }) => ({ draft: input.draft, seen: 0, approved: false }),
  initial: 'queued',
  states: {
    queued: { on: { OPEN: 'review' } },
    review: {
      initial: 'reading',
      on: { YES: { target: 'approved', actions: assign({ approved: true }) }, NO: 'rejected' },
      after: { 60_000: 'rejected' },
      states: {
        reading: { on: { LOOK: { target: 'read', actions: assign({ seen: ({ context }) => context.seen + 1 }) } } },
        read: {},
      },
    },
    approved: { type: 'final' },
    rejected: { type: 'final' },
  },
  output: ({ context: { approved, seen } }) => ({ approved, seen }),
})
const definition = begun.machine('approval', approval).step('after', ({ data }) => data)

async function restarted(store = memoryStore(), clock = new TestClock()) {
  return { store, clock, runtime: await createTestRuntime({ processes: [definition], store, clock, concurrency: 1 }) }
}

test("events reach the machine; its states are in the record, and its final output is the step's", async t => {
  const { runtime } = await restarted()
  const job = await runtime.start(definition, { draft: 'x' })
  await settled()
  t.like((await runtime.get(job.pid))?.steps[0], { kind: 'machine', status: 'running', state: 'queued' })
  t.deepEqual((await runtime.get(job.pid))?.steps[0]?.machine, {
    value: 'queued',
    context: { draft: 'x', seen: 0, approved: false },
    events: ['OPEN'],
  })
  await runtime.send(job.pid, { type: 'OPEN' })
  t.deepEqual((await runtime.get(job.pid))?.steps[0]?.machine?.events, ['LOOK', 'NO', 'YES'])
  await job.send({ type: 'LOOK' })
  t.deepEqual((await runtime.get(job.pid))?.steps[0]?.state, { review: 'read' })
  const history = await runtime.history(job.pid)
  t.deepEqual((history.at(-1)!.snapshot as { value: unknown }).value, {
    running: { approval: { machine: { review: 'read' } } },
  })
  await job.send({ type: 'YES' })
  t.deepEqual(await job.result(), { approved: true, seen: 1 })
  t.like((await runtime.get(job.pid))?.steps[0], { status: 'finished', state: 'approved', machine: undefined })
  await t.throwsAsync(job.send({ type: 'YES' }), { code: 'ERR_ALREADY_ENDED' })
})

test('it waits without a slot', async t => {
  const { runtime } = await restarted()
  const jobs = await Promise.all(['a', 'b', 'c'].map(draft => runtime.start(definition, { draft })))
  await settled(10)
  for (const job of jobs) t.is((await runtime.get(job.pid))?.steps[0]?.state, 'queued')
  for (const job of jobs) await job.send({ type: 'OPEN' })
  for (const job of jobs) await job.send({ type: 'NO' })
  for (const job of jobs) t.like(await job.result(), { approved: false })
})

test('it is restored in every state, with its context and its delays', async t => {
  let { store, clock, runtime } = await restarted()
  const { pid } = await runtime.start(definition, { draft: 'x' })
  const restart = async () => {
    await runtime.close()
    ;({ runtime } = await restarted(store, clock))
    await settled()
  }
  for (const [event, state] of [
    [undefined, 'queued'],
    ['OPEN', { review: 'reading' }],
    ['LOOK', { review: 'read' }],
  ] as const) {
    if (event) await runtime.send(pid, { type: event })
    await settled()
    await restart()
    t.deepEqual((await runtime.get(pid))?.steps[0]?.state, state)
    await clock.advance('10s')
  }
  // 20 of the 60 seconds in `review` have passed, over two restarts.
  await clock.advance('39s')
  t.is((await runtime.get(pid))?.status, 'running')
  await clock.advance('2s')
  t.deepEqual(await runtime.result(pid), { approved: false, seen: 1 })
})

test('a delay that has passed while no host was there fires at once; one that was left behind never does', async t => {
  const { store, clock, runtime } = await restarted()
  const one = await runtime.start(definition, { draft: 'x' })
  await settled()
  await one.send({ type: 'OPEN' })
  await runtime.close()
  await clock.advance('2m')
  const second = await restarted(store, clock)
  await settled()
  await clock.advance('1ms')
  t.deepEqual(await second.runtime.result(one.pid), { approved: false, seen: 0 })
})

test('the states of what it invokes are restored too, and delayed events between actors', async t => {
  const clock = new TestClock()
  const store = memoryStore()
  const inner = setup({}).createMachine({
    id: 'inner',
    initial: 'a',
    states: { a: { after: { 10_000: 'b' } }, b: { on: { GO: 'c' }, after: { 600_000: 'c' } }, c: { type: 'final' } },
  })
  let loads = 0
  const outer = setup({
    actors: { inner, load: fromPromise(async () => ++loads) },
    types: { output: {} as { loads: number }, context: {} as { loads: number } },
  }).createMachine({
    context: { loads: 0 },
    initial: 'load',
    states: {
      load: {
        invoke: { src: 'load', onDone: { target: 'in', actions: assign({ loads: ({ event }) => event.output }) } },
      },
      in: {
        entry: sendTo('inner', { type: 'GO' }, { delay: 30_000, id: 'go' }),
        invoke: { id: 'inner', src: 'inner', onDone: 'end' },
      },
      end: { type: 'final' },
    },
    output: ({ context }) => ({ loads: context.loads }),
  })
  const process = defineProcess({ name: 'nested' }).machine('outer', outer)
  let runtime = await createTestRuntime({ processes: [process], store, clock })
  const { pid } = await runtime.start(process)
  await settled(10)
  for (let turn = 0; turn < 4; turn++) {
    await clock.advance('7s')
    await settled()
    await runtime.close()
    runtime = await createTestRuntime({ processes: [process], store, clock })
    await settled()
  }
  t.is((await runtime.get(pid))?.status, 'running')
  await clock.advance('3s')
  t.deepEqual(await runtime.result(pid), { loads: 1 })
})

test('a machine that is done at once, by itself or by what it invokes, is done', async t => {
  const final = setup({ types: { output: {} as number } }).createMachine({
    initial: 'a',
    states: { a: { type: 'final' } },
    output: 5,
  })
  const inner = setup({ actors: { final }, types: { output: {} as string } }).createMachine({
    initial: 'a',
    states: { a: { invoke: { src: 'final', onDone: 'b' } }, b: { type: 'final' } },
    output: 'through',
  })
  const raised = setup({ types: { output: {} as string } }).createMachine({
    initial: 'a',
    states: { a: { entry: raise({ type: 'X' }), on: { X: 'b' } }, b: { always: 'c' }, c: { type: 'final' } },
    output: 'raised',
  })
  const process = defineProcess({ name: 'sync' })
    .machine('one', final, {})
    .machine('two', inner, {})
    .machine('three', raised, {})
  const runtime = await createTestRuntime({ processes: [process] })
  const job = await runtime.start(process)
  t.is(await job.result(), 'raised')
  t.true((await runtime.get(job.pid))?.steps.every(({ status }) => status === 'finished'))
})

test('a machine that fails, or whose state cannot be stored, fails the step', async t => {
  const thrower = createMachine({
    initial: 'a',
    states: {
      a: {
        on: {
          GO: {
            actions: () => {
              throw new RangeError('too far')
            },
          },
        },
      },
    },
  })
  const rejecting = setup({
    actors: { load: fromPromise(() => Promise.reject(new Error('no network'))) },
  }).createMachine({
    initial: 'a',
    states: { a: { invoke: { src: 'load' } } },
  })
  const dated = setup({ types: { context: {} as { at: unknown } } }).createMachine({
    context: { at: new Date(0) },
    initial: 'a',
    states: { a: {} },
  })
  const spawner = createMachine({
    context: (({ spawn }: { spawn: (logic: unknown, options: object) => unknown }) => ({
      ref: spawn(
        fromPromise(() => new Promise(() => {})),
        { id: 'hidden' },
      ),
    })) as never,
    initial: 'a',
    states: { a: {} },
  })
  const assigning = createMachine({
    initial: 'a',
    context: {},
    states: {
      a: {
        entry: assign({
          ref: ({ spawn }: { spawn: (logic: unknown, options: object) => unknown }) =>
            spawn(
              fromPromise(() => new Promise(() => {})),
              { id: 'assigned' },
            ),
        } as never),
      },
    },
  })
  for (const [machine, message, code] of [
    [thrower, /too far/, 'ERR_STEP_FAILED'],
    [rejecting, /no network/, 'ERR_STEP_FAILED'],
    [dated, /machine of step 'm' cannot be stored: .*\$\.snapshot\.context\.at is a Date/, 'ERR_NOT_JSON'],
    [spawner, /machine of step 'm' cannot be stored: .*'hidden', an actor that has no name/, 'ERR_NOT_RESTORABLE'],
    [assigning, /machine of step 'm' cannot be stored: .*'assigned', an actor that has no name/, 'ERR_NOT_RESTORABLE'],
  ] as const) {
    const process = defineProcess({ name: 'bad' }).machine('m', machine as never, {} as never)
    const runtime = await createTestRuntime({ processes: [process] })
    const job = await runtime.start(process)
    await settled()
    if (machine === thrower) await job.send({ type: 'GO' } as never)
    const error = await t.throwsAsync(job.result(), { instanceOf: ProcessError, message, code })
    t.is(error.step, 'm')
  }
})

test('cancel and timeouts stop the machine and what it invokes', async t => {
  const clock = new TestClock()
  const stopped: string[] = []
  const wait = fromPromise(
    ({ signal }) => new Promise<void>(() => signal.addEventListener('abort', () => stopped.push('stopped'))),
  )
  const machine = setup({ actors: { wait } }).createMachine({
    initial: 'a',
    states: { a: { invoke: { src: 'wait' } } },
  })
  const process = defineProcess({ name: 'long' }).machine('m', machine as never, { timeout: '1m' } as never)
  const runtime = await createTestRuntime({ processes: [process], clock })
  const [one, two] = [await runtime.start(process), await runtime.start(process)]
  await settled()
  await one.cancel()
  t.is(stopped.length, 1)
  await clock.advance('1m')
  await t.throwsAsync(two.result(), { code: 'ERR_STEP_TIMEOUT' })
  t.is(stopped.length, 2)
})

test('only a busy machine can die of its host too often', async t => {
  const clock = new TestClock()
  const dies = async (machine: unknown) => {
    const process = defineProcess({ name: 'mortal' }).machine('m', machine as never, {} as never)
    const inner = memoryStore()
    let runtime = await createTestRuntime({ processes: [process], store: inner, clock, maxRecoveries: 1 })
    const { pid } = await runtime.start(process)
    await settled()
    for (let death = 0; death < 3; death++) {
      await runtime.die()
      runtime = await createTestRuntime({ processes: [process], store: inner, clock, maxRecoveries: 1 })
      await settled()
    }
    const info = await runtime.get(pid)
    await runtime.close()
    return info
  }
  t.like(await dies(createMachine({ initial: 'a', states: { a: {} } })), { status: 'running', recoveries: 3 })
  const busy = setup({ actors: { wait: fromPromise(() => new Promise(() => {})) } }).createMachine({
    initial: 'a',
    states: { a: { invoke: { src: 'wait' } } },
  })
  t.like(await dies(busy), { status: 'error', error: { code: 'ERR_HOST_DIED' } })
})

test('events that go nowhere', async t => {
  const strict = begun.machine('approval', approval, { strict: true })
  const waiting = defineProcess({ name: 'waiting' }).interrupt('pause')
  const runtime = await createTestRuntime({ processes: [strict, waiting] })
  const job = await runtime.start(strict, { draft: 'x' })
  await settled()
  await t.throwsAsync(job.send({ type: 'YESS' } as never), {
    code: 'ERR_UNKNOWN_EVENT',
    message: /step 'approval'.*"YESS"/,
  })
  await t.throwsAsync(job.send({ type: 'YES' }), {
    code: 'ERR_EVENT_REFUSED',
    message: /is in "queued" and takes no event "YES" there, only: OPEN/,
  })
  await t.notThrowsAsync(job.send({ type: 'OPEN' }))
  for (const event of [undefined, null, 'YES', {}, { type: 1 }, { type: 'xstate.done.actor.x' }])
    await t.throwsAsync(job.send(event as never), {
      instanceOf: TypeError,
      message: /event of send\(\) must be an object with a type/,
    })
  await t.throwsAsync(job.send({ type: 'YES', at: new Date() } as never), { code: 'ERR_NOT_JSON' })
  const other = await runtime.start(waiting)
  await settled()
  await t.throwsAsync(other.send({ type: 'YES' } as never), { code: 'ERR_EVENT_REFUSED' })
  const loose = await createTestRuntime({ processes: [definition] })
  const lax = await loose.start(definition, { draft: 'x' })
  await settled()
  await t.notThrowsAsync(lax.send({ type: 'WHATEVER' } as never))
  await loose.close()
  await runtime.close()
})

test('machines that could not be restored are refused', t => {
  const add = (machine: unknown, options?: unknown) => () => begun.machine('m', machine as never, options as never)
  const wait = fromPromise(() => new Promise(() => {}))
  t.throws(add(wait), { instanceOf: TypeError, message: /must be an XState machine/ })
  t.throws(add(createMachine({ id: 'x', invoke: { src: 'load' } } as never)), {
    instanceOf: TypeError,
    message: /could not be restored.*x has no actor 'load'/,
  })
  t.throws(add(createMachine({ id: 'x', initial: 'a', states: { a: { entry: spawnChild(wait) } } } as never)), {
    instanceOf: TypeError,
    message: /x\.a spawns an actor that has no name/,
  })
  t.throws(add(createMachine({ id: 'x', on: { GO: { actions: spawnChild(wait) } } } as never)), {
    instanceOf: TypeError,
    message: /x spawns an actor/,
  })
  const inner: unknown = createMachine({ id: 'inner', invoke: { src: 'load' } } as never)
  t.throws(add(setup({ actors: { inner } as never }).createMachine({})), {
    instanceOf: TypeError,
    message: /inner has no actor 'load'/,
  })
  t.notThrows(add(createMachine({ invoke: { src: wait } } as never) as never))
  t.throws(add(approval, { strict: 'yes' }), { instanceOf: TypeError, message: /strict of machine step 'm'/ })
  t.throws(add(approval, { retry: 1 }), { instanceOf: TypeError, message: /unknown key 'retry'/ })
})

test("its chart stands within the definition's", t => {
  const chart = chartOf(planOf(definition)) as any
  const { initial, states } = chart.states.running.states.approval.states.machine
  t.is(initial, 'queued')
  t.deepEqual(states.queued.on, { OPEN: { target: '#document.running.approval.machine.review' } })
  t.deepEqual(Object.keys(states.review.states), ['reading', 'read'])
  t.deepEqual(states.approved, { type: 'final' })
})

test('in the caller nobody could send it events', async t => {
  await t.throwsAsync(definition.run({ draft: 'x' }), {
    instanceOf: TypeError,
    message: /step 'approval' waits for events/,
  })
})

test('actors spawned by their logic are restored, at every depth, with systemId, if setup({ actors }) has it', async t => {
  const pet = setup({}).createMachine({ initial: 'asleep', states: { asleep: { on: { WAKE: 'awake' } }, awake: {} } })
  const friend = setup({
    types: {
      context: {} as { name: string; pet: unknown },
      input: {} as { name: string },
      events: {} as { type: 'WAKE' },
    },
    actors: { pet },
  }).createMachine({
    context: ({ input, spawn }) => ({ name: input.name, pet: spawn(pet as never, { id: 'pet' } as never) }),
    initial: 'reading',
    states: { reading: { on: { WAKE: { target: 'up', actions: sendTo('pet', { type: 'WAKE' }) } } }, up: {} },
  })
  const list = setup({
    types: {
      context: {} as { friends: unknown[] },
      events: {} as { type: 'ADD'; name: string } | { type: 'WAKE'; name: string },
    },
    actors: { friend },
  }).createMachine({
    context: { friends: [] },
    on: {
      ADD: {
        actions: assign({
          friends: ({ context, spawn, event }) => [
            ...context.friends,
            spawn(
              friend as never,
              { id: event.name, systemId: `friend-${event.name}`, input: { name: event.name } } as never,
            ),
          ],
        }),
      },
      WAKE: {
        actions: sendTo(({ system, event }) => system.get(`friend-${event.name}`) as never, { type: 'WAKE' } as never),
      },
    },
  })
  const definition = defineProcess({ name: 'friends' }).machine('list', list as never, {} as never)
  const store = memoryStore()
  let runtime = await createTestRuntime({ processes: [definition], store })
  const { pid } = await runtime.start(definition)
  for (const event of [
    { type: 'ADD', name: 'ada' },
    { type: 'ADD', name: 'bob' },
    { type: 'WAKE', name: 'ada' },
  ]) {
    await settled()
    await runtime.send(pid, event)
    await runtime.close()
    runtime = await createTestRuntime({ processes: [definition], store })
    await settled()
  }
  const { children } = (
    (await store.get(pid))!.record.snapshot.machine as unknown as { snapshot: { children: Record<string, any> } }
  ).snapshot
  t.deepEqual(
    Object.entries(children).map(([id, { src, snapshot }]) => [
      id,
      src,
      snapshot.value,
      snapshot.children.pet.src,
      snapshot.children.pet.snapshot.value,
    ]),
    [
      ['ada', 'friend', 'up', 'pet', 'awake'],
      ['bob', 'friend', 'reading', 'pet', 'asleep'],
    ],
  )
  await runtime.close()
})
