import test from 'ava'
import { assign, setup } from 'xstate'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'

const leaf = defineProcess({ name: 'leaf', input: typed<{ n: number }>() }).step('double', ({ data }) => data.n * 2)

test('a fork from a parallel step runs all its branches, each for the first time', async t => {
  let broken = true
  const ran: string[] = []
  const definition = defineProcess({ name: 'publish' })
    .step('read', () => ({ n: 1 }))
    .parallel('send', {
      mail: ({ attempt }) => ran.push(`mail ${attempt}`),
      web: ({ attempt }) => {
        ran.push(`web ${attempt}`)
        if (broken) throw new Error('broken')
        return attempt
      },
    })
  const runtime = await createTestRuntime({ processes: [definition] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition)
  await t.throwsAsync(job.result())
  await t.throwsAsync(runtime.fork(job.pid, { from: 'send.web' }), { code: 'ERR_UNKNOWN_STEP' })
  broken = false
  const fork = await runtime.fork(job.pid)
  await runtime.result(fork)
  t.deepEqual(ran.toSorted(), ['mail 1', 'mail 1', 'web 1', 'web 1'])
  t.like(await runtime.get(fork), { forkedFrom: { pid: job.pid, step: 'send' } })
})

test('a fork has children of its own, and leaves alone those it was born with', async t => {
  const definition = defineProcess({ name: 'root', input: typed<{ n: number }>() })
    .process('first', leaf)
    .process('second', leaf, { input: ({ data }) => ({ n: data }) })
  const runtime = await createTestRuntime({ processes: [definition] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition, { n: 1 })
  t.is(await job.result(), 4)
  const [first = '', second = ''] = (await runtime.get(job.pid))!.steps.map(({ child }) => child ?? '')
  const fork = await runtime.fork(job.pid, { from: 'second' })
  t.is(await runtime.result(fork), 4)
  const own = (await runtime.get(fork))!.steps[1]!.child ?? ''
  t.not(own, second)
  // A fork of the fork begins where that one did, not before.
  await t.throwsAsync(runtime.fork(fork, { from: 'first' }), { code: 'ERR_UNKNOWN_STEP' })
  await runtime.delete(fork)
  t.is(await runtime.get(own), undefined)
  t.truthy(await runtime.get(first))
})

test("a fork of a child is nobody else's", async t => {
  const definition = defineProcess({ name: 'root', input: typed<{ n: number }>() }).process('only', leaf)
  const runtime = await createTestRuntime({ processes: [definition] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition, { n: 1 })
  await job.result()
  const child = (await runtime.get(job.pid))!.steps[0]!.child ?? ''
  const fork = await runtime.fork(child, { from: 'double' })
  t.is(await runtime.result(fork), 2)
  t.is((await runtime.get(fork))?.parent, undefined)
})

test('a fork of a failed machine step goes on from its newest state; a fresh one begins', async t => {
  let broken = true
  const agent = setup({
    types: { context: {} as { turns: number }, output: {} as number, events: {} as { type: 'TURN' } | { type: 'END' } },
    actions: {
      answer: () => {
        if (broken) throw new Error('no network')
      },
    },
  }).createMachine({
    context: { turns: 0 },
    initial: 'talking',
    states: {
      talking: {
        on: {
          TURN: { actions: assign({ turns: ({ context }) => context.turns + 1 }) },
          END: { target: 'done', actions: 'answer' },
        },
        after: { 60_000: 'done' },
      },
      done: { type: 'final' },
    },
    output: ({ context }) => context.turns,
  })
  const definition = defineProcess({ name: 'agent' })
    .machine('chat', agent, {})
    .step('after', ({ data }) => data)
  const runtime = await createTestRuntime({ processes: [definition] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition)
  for (let turn = 0; turn < 3; turn++) {
    await job.send({ type: 'TURN' })
    await runtime.until(job.pid, ({ steps }) => (steps[0]?.machine?.context as { turns?: number })?.turns === turn + 1)
    await runtime.clock.advance('10s')
  }
  await job.send({ type: 'END' }).catch(() => {})
  await t.throwsAsync(job.result(), { message: /no network/ })
  broken = false
  const fork = await runtime.fork(job.pid)
  const going = await runtime.until(
    fork,
    ({ steps }) => steps[0]?.machine !== undefined && steps[0].status === 'running',
  )
  t.like(going.steps[0], { attempt: 1, state: 'talking' })
  t.deepEqual(going.steps[0]?.machine?.context, { turns: 3 })
  await runtime.send(fork, { type: 'TURN' })
  await runtime.send(fork, { type: 'END' })
  t.is(await runtime.result(fork), 4)
  const fresh = await runtime.fork(job.pid, { fresh: true })
  await runtime.send(fresh, { type: 'END' })
  t.is(await runtime.result(fresh), 0)
  // What has not failed begins where it began.
  const again = await runtime.fork(fork, { from: 'chat' })
  await runtime.send(again, { type: 'END' })
  t.is(await runtime.result(again), 3)
})
