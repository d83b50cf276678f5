import test from 'ava'
import { assign, createActor, fromPromise, setup, toPromise } from 'xstate'
import { createRuntime, defineProcess, FatalError, ProcessError, stepActor, typed } from '../../src/index.ts'
import type { StepContext } from '../../src/index.ts'
import { crashEverywhere, createTestRuntime, effect, memoryStore, TestClock } from '../../src/testing/index.ts'
import { ask } from '../../examples/agent.ts'
import { aborted, gate, settled } from './gate.ts'

interface Services {
  readonly pay: (amount: number, key: string) => Promise<string> | string
}

/** Pays three times, in a loop; the outcomes are in its context. */
function payments(actor: ReturnType<typeof stepActor<{ amount: number }, string>>) {
  const machine = setup({
    types: {
      context: {} as { receipts: string[]; failures: string[] },
      output: {} as { receipts: string[]; failures: string[] },
    },
    actors: { pay: actor },
  }).createMachine({
    context: { receipts: [], failures: [] },
    initial: 'paying',
    states: {
      paying: {
        invoke: {
          id: 'pay',
          src: 'pay',
          input: ({ context }) => ({ amount: context.receipts.length + 1 }),
          onDone: {
            target: 'next',
            actions: assign({ receipts: ({ context, event }) => [...context.receipts, event.output] }),
          },
          onError: {
            target: 'done',
            actions: assign({
              failures: ({ event }) => [(event.error as Error & { code?: string }).code ?? String(event.error)],
            }),
          },
        },
      },
      next: {
        always: [{ guard: ({ context }) => context.receipts.length === 3, target: 'done' }, { target: 'paying' }],
      },
      done: { type: 'final' },
    },
    output: ({ context }) => context,
  })
  return defineProcess({ name: 'payments', services: typed<Services>() }).machine('loop', machine)
}

const pay = ({ data, services, idempotencyKey }: StepContext<{ amount: number }, Services>) =>
  services.pay(data.amount, idempotencyKey)

test('a step actor has the context of a step; a visit has a key of its own', async t => {
  const seen: object[] = []
  const definition = payments(
    stepActor(async (context: StepContext<{ amount: number }, Services>) => {
      const { data, services, pid, step, attempt, idempotencyKey, input, log, progress, once } = context
      seen.push({ data, step, attempt, input, key: idempotencyKey.replace(pid, 'pid') })
      log('pays', { amount: data.amount })
      progress(data.amount, 3)
      const receipt = await once('pay', ({ idempotencyKey: key }) => services.pay(data.amount, key.replace(pid, 'pid')))
      return receipt
    }),
  )
  const runtime = await createTestRuntime({ processes: [definition], services: { pay: (n, key) => `${n} by ${key}` } })
  const job = await runtime.start(definition)
  t.deepEqual(await job.result(), {
    receipts: ['1 by pid:loop:pay:1:pay', '2 by pid:loop:pay:2:pay', '3 by pid:loop:pay:3:pay'],
    failures: [],
  })
  const facts = { step: 'loop', attempt: 1, input: null }
  t.deepEqual(seen, [
    { ...facts, data: { amount: 1 }, key: 'pid:loop:pay:1' },
    { ...facts, data: { amount: 2 }, key: 'pid:loop:pay:2' },
    { ...facts, data: { amount: 3 }, key: 'pid:loop:pay:3' },
  ])
  const logs = await Array.fromAsync(runtime.logs(job.pid))
  t.deepEqual(
    logs.map(({ step, message, fields }) => [step, message, fields]),
    [
      ['loop', 'pays', { amount: 1 }],
      ['loop', 'pays', { amount: 2 }],
      ['loop', 'pays', { amount: 3 }],
    ],
  )
  t.like((await runtime.get(job.pid))?.steps[0]?.progress, { value: 3, total: 3 })
})

test('an outcome is in the store before the machine sees it', async t => {
  const definition = payments(stepActor(pay))
  const runtime = await createTestRuntime({ processes: [definition], services: { pay: n => `r${n}` } })
  const job = await runtime.start(definition)
  await job.result()
  const events = (await runtime.history(job.pid)).map(({ event }) => event.type)
  t.deepEqual(events, ['CREATE', 'START', 'PREPARED', 'CHANGE', ...turn(), ...turn(), 'REMEMBER', 'DONE'])
  function turn() {
    return ['REMEMBER', 'CHANGE']
  }
})

test('whenever its host dies, what has an outcome is not done again, and what has none is', async t => {
  const definition = payments(stepActor(pay))
  const services: Services = { pay: (amount, key) => (effect(`pay ${amount}`, key), `r${amount}`) }
  const report = await crashEverywhere(definition, undefined, { services })
  t.deepEqual(report.outcome.output, { receipts: ['r1', 'r2', 'r3'], failures: [] })
  t.deepEqual(report.repeated, [])
  t.deepEqual(report.changed, [])
  t.is(report.deaths, 9)
})

test('the agent of the examples survives a death after each of its records', async t => {
  const services = {
    model: {
      reply: async (messages: readonly { role: string }[], { key }: { key: string }) => {
        const told = messages.filter(({ role }) => role === 'tool').length
        effect(`turn ${told}`, key)
        return told < 2 ? { tool: 'time', answer: '' } : { tool: null, answer: 'noon' }
      },
    },
    tools: { time: (key: string) => (effect('tool', key), 'noon') },
  }
  const report = await crashEverywhere(ask, { question: 'When?' }, { services })
  t.deepEqual(report.outcome.output, { answer: 'noon', turns: 3 })
  t.deepEqual(report.changed, [])
  t.deepEqual(report.repeated, [])
})

test('it is retried and timed as a step is, and the machine sees one outcome', async t => {
  const clock = new TestClock()
  const attempts: string[] = []
  const definition = payments(
    stepActor(
      async ({ data, attempt, signal }: StepContext<{ amount: number }, Services>) => {
        attempts.push(`${data.amount}.${attempt}`)
        if (data.amount === 1 && attempt === 1) throw new Error('try again')
        if (data.amount === 2) await aborted(signal)
        return `r${data.amount}`
      },
      { retry: { attempts: 2, delay: '1m', jitter: false }, timeout: '10s' },
    ),
  )
  const runtime = await createTestRuntime({ processes: [definition], services: { pay: () => '' }, clock })
  const job = await runtime.start(definition)
  await settled(20)
  for (const time of ['1m', '10s', '1m', '10s'] as const) {
    await clock.advance(time)
    await settled(20)
  }
  t.deepEqual(await job.result(), { receipts: ['r1'], failures: ['ERR_STEP_TIMEOUT'] })
  t.deepEqual(attempts, ['1.1', '1.2', '2.1', '2.2'])
})

test('a failure that the machine does not catch fails the step, and a retry of the process tries it again', async t => {
  let broken = true
  const calls: number[] = []
  const machine = setup({
    types: { context: {} as { n: number }, output: {} as { n: number } },
    actors: {
      count: stepActor(({ data }: StepContext<number>) => {
        calls.push(data)
        if (data === 2 && broken) throw new FatalError('no more')
        return data + 1
      }),
    },
  }).createMachine({
    context: { n: 0 },
    initial: 'counting',
    states: {
      counting: {
        invoke: {
          src: 'count',
          input: ({ context }) => context.n,
          onDone: { target: 'next', actions: assign({ n: ({ event }) => event.output }) },
        },
      },
      next: { always: [{ guard: ({ context }) => context.n > 3, target: 'done' }, { target: 'counting' }] },
      done: { type: 'final' },
    },
    output: ({ context }) => context,
  })
  const definition = defineProcess({ name: 'counts' }).machine('loop', machine)
  const runtime = await createTestRuntime({ processes: [definition], worker: true })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition)
  const failure = await t.throwsAsync(job.result(), { instanceOf: ProcessError })
  t.regex(failure.message, /no more/)
  broken = false
  const again = await runtime.retry(job.pid)
  t.deepEqual(await runtime.result(again), { n: 4 })
  t.deepEqual(calls, [0, 1, 2, 2, 3], 'the turns before the failure are not repeated')
  const anew = await runtime.fork(job.pid, { from: 'loop', fresh: true })
  t.deepEqual(await runtime.result(anew), { n: 4 })
  t.deepEqual(calls.slice(5), [0, 1, 2, 3])
})

test('it works in a slot, and gives it up while its machine waits', async t => {
  const first = gate()
  const machine = setup({
    actors: {
      work: stepActor(async ({ data }: StepContext<string>) => (data === 'a' ? first.promise : undefined)),
    },
    types: { input: {} as string, context: {} as { input: string }, events: {} as { type: 'GO' } },
  }).createMachine({
    context: ({ input }) => ({ input }),
    initial: 'working',
    states: {
      working: { invoke: { src: 'work', input: ({ context }) => context.input, onDone: 'waiting' } },
      waiting: { on: { GO: 'done' } },
      done: { type: 'final' },
    },
  })
  const definition = defineProcess({ name: 'slots', input: typed<string>() }).machine('m', machine)
  const runtime = await createTestRuntime({ processes: [definition], concurrency: 1 })
  const a = await runtime.start(definition, 'a')
  await settled(20)
  const b = await runtime.start(definition, 'b')
  await settled(20)
  t.is((await runtime.get(b.pid))?.status, 'pending', 'the one slot is taken')
  first.open()
  await settled(20)
  t.is((await runtime.get(a.pid))?.steps[0]?.state, 'waiting')
  t.is((await runtime.get(b.pid))?.steps[0]?.state, 'waiting')
  for (const job of [a, b]) {
    await job.send({ type: 'GO' })
    await job.result()
  }
})

test('what its machine leaves is told to end, and its outcome is dropped', async t => {
  const reasons: unknown[] = []
  const machine = setup({
    types: { events: {} as { type: 'STOP' } },
    actors: { work: stepActor(async ({ signal }: StepContext) => void reasons.push(String(await aborted(signal)))) },
  }).createMachine({
    initial: 'working',
    states: {
      working: { invoke: { src: 'work', onDone: 'wrong' }, on: { STOP: 'done' } },
      wrong: {},
      done: { type: 'final' },
    },
  })
  const definition = defineProcess({ name: 'stops' }).machine('m', machine)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled(20)
  await job.send({ type: 'STOP' })
  await job.result()
  await settled()
  t.regex(String(reasons), /Actor '0\.\(machine\)\.working' of step 'm' of process \w+ is no longer wanted/)
  t.deepEqual(
    (await runtime.history(job.pid)).filter(({ event }) => event.type === 'REMEMBER'),
    [],
  )
})

test('a runtime that closes ends it without an outcome; the next one begins it again, under the same key', async t => {
  const [store, clock] = [memoryStore(), new TestClock()]
  const keys: string[] = []
  const definition = payments(
    stepActor(async ({ idempotencyKey, signal, services, data }: StepContext<{ amount: number }, Services>) => {
      keys.push(idempotencyKey)
      if (keys.length === 2) {
        await aborted(signal)
        throw signal.reason
      }
      return services.pay(data.amount, '')
    }),
  )
  const services: Services = { pay: amount => `r${amount}` }
  const one = await createTestRuntime({ processes: [definition], services, store, clock })
  const { pid } = await one.start(definition)
  await settled(20)
  await one.close()
  const two = await createTestRuntime({ processes: [definition], services, store, clock })
  t.deepEqual(await two.result(pid), { receipts: ['r1', 'r2', 'r3'], failures: [] })
  t.deepEqual(
    keys.map(key => key.split(':').at(-1)),
    ['1', '2', '2', '3'],
  )
})

test('it works in machines within machines, beside plain promises', async t => {
  const inner = setup({
    types: { context: {} as { key: string }, output: {} as string },
    actors: { work: stepActor(({ idempotencyKey, pid }: StepContext) => idempotencyKey.replace(pid, 'pid')) },
  }).createMachine({
    context: { key: '' },
    initial: 'a',
    states: {
      a: {
        invoke: {
          id: 'work',
          src: 'work',
          onDone: { target: 'b', actions: assign({ key: ({ event }) => event.output }) },
        },
      },
      b: { type: 'final' },
    },
    output: ({ context }) => context.key,
  })
  const outer = setup({
    types: { context: {} as { keys: string[] }, output: {} as string[] },
    actors: { inner, plain: fromPromise(async () => 'plain') },
  }).createMachine({
    context: { keys: [] },
    type: 'parallel',
    states: {
      x: {
        initial: 'on',
        states: {
          on: {
            invoke: {
              id: 'x',
              src: 'inner',
              onDone: {
                target: 'off',
                actions: assign({ keys: ({ context, event }) => [...context.keys, event.output] }),
              },
            },
          },
          off: { type: 'final' },
        },
      },
      y: {
        initial: 'on',
        states: {
          on: {
            invoke: {
              id: 'y',
              src: 'inner',
              onDone: {
                target: 'off',
                actions: assign({ keys: ({ context, event }) => [...context.keys, event.output] }),
              },
            },
          },
          off: { type: 'final' },
        },
      },
      z: { initial: 'on', states: { on: { invoke: { src: 'plain', onDone: 'off' } }, off: { type: 'final' } } },
    },
    output: ({ context }) => context.keys.toSorted(),
  })
  const definition = defineProcess({ name: 'nested' }).machine('m', outer)
  const runtime = await createTestRuntime({ processes: [definition] })
  t.deepEqual(await (await runtime.start(definition)).result(), ['pid:m:x/work:1', 'pid:m:y/work:2'])
})

test('what it writes is in the stream, by visit; a retry writes anew', async t => {
  const definition = payments(
    stepActor(
      ({ data, attempt, write }: StepContext<{ amount: number }, Services>) => {
        write(`${data.amount}.${attempt}`)
        if (data.amount === 2 && attempt === 1) throw new Error('again')
        return 'r'
      },
      { retry: { attempts: 2, delay: 0 } },
    ),
  )
  const runtime = await createTestRuntime({ processes: [definition], services: { pay: () => '' } })
  const job = await runtime.start(definition)
  await settled(20)
  await runtime.clock.advance('1ms')
  await job.result()
  const parts = await Array.fromAsync(runtime.stream(job.pid))
  t.deepEqual(
    parts.map(part => [part.step, part.item, 'chunk' in part ? part.chunk : 'reset']),
    [
      ['loop', 1, '1.1'],
      ['loop', 2, '2.1'],
      ['loop', 2, 'reset'],
      ['loop', 2, '2.2'],
      ['loop', 3, '3.1'],
    ],
  )
})

test('a module works in a thread of its own', async t => {
  const machine = setup({
    types: { context: {} as { doubled: unknown }, output: {} as { doubled: unknown } },
    actors: {
      work: stepActor({ module: new URL('./isolated.ts', import.meta.url), export: 'double' }, { isolate: 'thread' }),
    },
  }).createMachine({
    context: { doubled: null },
    initial: 'a',
    states: {
      a: {
        invoke: {
          src: 'work',
          input: () => ({ n: 2 }),
          onDone: { target: 'b', actions: assign({ doubled: ({ event }) => event.output }) },
        },
      },
      b: { type: 'final' },
    },
    output: ({ context }) => context,
  })
  const definition = defineProcess({ name: 'isolated' }).machine('m', machine)
  const runtime = await createRuntime({ processes: [definition], store: memoryStore() })
  t.teardown(() => runtime.close())
  t.like(await (await runtime.start(definition)).result(), { doubled: { n: 4, main: false } })
})

test('outside of a process it says what to do; wrong options and missing services are refused', async t => {
  const machine = setup({ actors: { work: stepActor(() => 1) } }).createMachine({ invoke: { src: 'work' } })
  const alone = createActor(machine)
  const end = toPromise(alone)
  alone.start()
  await t.throwsAsync(end, {
    instanceOf: TypeError,
    message: /\.machine\(\) step only.*machine\.provide/,
  })
  t.throws(() => stepActor('no' as never), { instanceOf: TypeError, message: /work of stepActor\(\)/ })
  t.throws(() => stepActor(() => 1, { retries: 2 } as never), { instanceOf: TypeError, message: /retries/ })
  t.throws(() => stepActor(() => 1, { isolate: 'thread' }), { instanceOf: TypeError, message: /a module/ })
  class Work {
    readonly db: string
    constructor(db: string) {
      this.db = db
    }
    execute = () => this.db
  }
  const needs = setup({ actors: { work: stepActor({ class: Work, services: ['db'] }) } }).createMachine({
    invoke: { src: 'work' },
  })
  const definition = defineProcess({ name: 'needs' }).machine('m', needs)
  await t.throwsAsync(createTestRuntime({ processes: [definition] }), {
    instanceOf: TypeError,
    message: /process 'needs' needs 'db'/,
  })
})
