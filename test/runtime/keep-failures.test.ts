import test from 'ava'
import { createRuntime, defineProcess, typed } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { createTestRuntime } from '../../src/testing/index.ts'

const brief = (output: unknown): unknown =>
  Object.fromEntries(
    Object.entries(output as Record<string, { status: string; value?: unknown; error?: { message: string } }>).map(
      ([key, { status, value, error }]) => [key, error?.message ?? [status, value]],
    ),
  )

/** Fails for the numbers that are given, as long as they are. */
function parity(broken: Set<number>, options: { tolerate?: number | `${number}%` } = {}) {
  const ran: number[] = []
  const definition = defineProcess({ name: 'parity', input: typed<number[]>() }).each(
    'check',
    ({ data }) => data,
    ({ data }) => {
      ran.push(data)
      if (broken.has(data)) throw new RangeError(`${data} is broken`)
      return data * 10
    },
    { onFailure: 'keep', concurrency: 1, ...options },
  )
  return { definition, ran }
}

test('each: failures are kept beside outputs, and the step goes on', async t => {
  const { definition, ran } = parity(new Set([2, 3]))
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [definition], store })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition, [1, 2, 3, 4])
  const output = await job.result()
  t.deepEqual(brief(output), {
    0: ['fulfilled', 10],
    1: '2 is broken',
    2: '3 is broken',
    3: ['fulfilled', 40],
  })
  t.is(output[1]?.status === 'rejected' && output[1].error.name, 'RangeError')
  t.deepEqual(ran, [1, 2, 3, 4])
  t.deepEqual((await runtime.get(job.pid))!.steps[0]!.progress, { value: 4, total: 4, message: '2 failed' })
  t.deepEqual(brief(await definition.run([1, 2])), { 0: ['fulfilled', 10], 1: '2 is broken' })
})

for (const [tolerate, count, fits] of [
  [2, 4, true],
  [1, 4, false],
  ['50%', 4, true],
  ['49%', 4, false],
  ['10%', 19, false],
  ['10%', 20, true],
  [0, 4, false],
] as const) {
  test(`each: of ${count}, ${fits ? 'as many' : 'more'} fail than tolerate: ${tolerate} allows`, async t => {
    const items = [...Array.from({ length: count }).keys()]
    const { definition, ran } = parity(new Set([1, 3]), { tolerate })
    const runtime = await createRuntime({ processes: [definition], store: memoryStore() })
    t.teardown(() => runtime.close())
    const job = await runtime.start(definition, items)
    if (fits) {
      t.is((await job.result()).length, count)
      t.is((await definition.run(items)).length, count)
      return
    }
    await t.throwsAsync(job.result(), { message: /Item [13] of step 'check' failed: [13] is broken/ })
    t.true(ran.length <= 4, 'nothing begins after that')
    await t.throwsAsync(definition.run(items), { message: /is broken/ })
  })
}

test('each: a timeout and the last retry are failures like any other', async t => {
  const slow = defineProcess({ name: 'slow' }).each(
    'wait',
    () => ['hang', 'fail', 'pass'],
    async ({ data, attempt, signal }) => {
      if (data === 'hang')
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      if (data === 'fail') throw new Error(`attempt ${attempt}`)
      return data
    },
    { onFailure: 'keep', timeout: '10ms', retry: { attempts: 2, delay: 0 } },
  )
  const runtime = await createRuntime({ processes: [slow], store: memoryStore() })
  t.teardown(() => runtime.close())
  const output = await (await runtime.start(slow)).result()
  t.like(output[0], { status: 'rejected', error: { code: 'ERR_STEP_TIMEOUT' } })
  t.like(output[1], { status: 'rejected', error: { message: 'attempt 2' } })
  t.deepEqual(output[2], { status: 'fulfilled', value: 'pass' })
})

test('each: the next host runs neither what succeeded nor what failed', async t => {
  const store = memoryStore()
  const ran: string[] = []
  const gate = Promise.withResolvers<void>()
  const work = defineProcess({ name: 'work' }).each(
    'work',
    () => ['good', 'bad', 'hangs'],
    async ({ data, signal }) => {
      ran.push(data)
      if (data === 'bad') throw new Error('bad')
      if (data !== 'hangs' || ran.length > 3) return data
      gate.resolve()
      return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    },
    { onFailure: 'keep', concurrency: 1 },
  )
  const first = await createRuntime({ processes: [work], store })
  const job = await first.start(work)
  await gate.promise
  await first.close()
  const second = await createRuntime({ processes: [work], store })
  t.teardown(() => second.close())
  t.deepEqual(brief(await second.result(job.pid)), {
    0: ['fulfilled', 'good'],
    1: 'bad',
    2: ['fulfilled', 'hangs'],
  })
  t.deepEqual(ran, ['good', 'bad', 'hangs', 'hangs'])
})

test('parallel: failures are kept beside outputs, after their retries', async t => {
  let tries = 0
  const publish = defineProcess({ name: 'publish' }).parallel(
    'publish',
    {
      search: () => 'found',
      mail: {
        run: () => {
          tries += 1
          throw new Error('no mail')
        },
        retry: { attempts: 2, delay: 0 },
      },
    },
    { onFailure: 'keep' },
  )
  const runtime = await createRuntime({ processes: [publish], store: memoryStore() })
  t.teardown(() => runtime.close())
  const job = await runtime.start(publish)
  const { search, mail } = await job.result()
  t.deepEqual(search, { status: 'fulfilled', value: 'found' })
  t.like(mail, { status: 'rejected', error: { message: 'no mail' } })
  t.is(tries, 2)
  const { status, steps } = (await runtime.get(job.pid))!
  t.deepEqual([status, ...steps.map(step => step.status)], ['finished', 'finished', 'finished', 'error'])
  t.like(await publish.run(), { search: { status: 'fulfilled' }, mail: { error: { message: 'no mail' } } })
})

test('parallel: one failure more than tolerated is that of the process', async t => {
  const fail = (): never => {
    throw new Error('broken')
  }
  const publish = defineProcess({ name: 'publish' }).parallel(
    'publish',
    { one: fail, two: fail, three: () => 3 },
    { onFailure: 'keep', tolerate: 1 },
  )
  const runtime = await createRuntime({ processes: [publish], store: memoryStore() })
  t.teardown(() => runtime.close())
  const error = await t.throwsAsync<Error & { step: string }>((await runtime.start(publish)).result())
  t.is(error?.step, 'publish.two')
  await t.throwsAsync(publish.run(), { message: /broken/ })
})

test('fork: of items only those that failed run, whether the process finished or not', async t => {
  for (const tolerate of [undefined, 1]) {
    const broken = new Set([2, 3])
    const { definition, ran } = parity(broken, tolerate === undefined ? {} : { tolerate })
    const runtime = await createTestRuntime({ processes: [definition] })
    const job = await runtime.start(definition, [1, 2, 3, 4])
    await job.result().catch(() => {})
    ran.length = 0
    broken.delete(2)
    const fork = await runtime.fork(job.pid, { failed: true })
    t.deepEqual(brief(await runtime.result(fork)), {
      0: ['fulfilled', 10],
      1: ['fulfilled', 20],
      2: '3 is broken',
      3: ['fulfilled', 40],
    })
    t.deepEqual(ran, tolerate === undefined ? [2, 3] : [2, 3, 4])
    broken.clear()
    // A fork of the fork.
    t.is((await runtime.result<typeof definition>(await runtime.fork(fork, { failed: true }))).length, 4)
    t.is(ran.at(-1), 3)
    await t.throwsAsync(runtime.fork(job.pid, { from: 'check.x', failed: true }), { code: 'ERR_UNKNOWN_STEP' })
    await runtime.close()
  }
})

test('fork: an item that failed remembers what it did once, unless fresh', async t => {
  let broken = true
  const done: string[] = []
  const pay = defineProcess({ name: 'pay' }).each(
    'pay',
    () => ['a'],
    async ({ once }) => {
      await once('charge', () => done.push('charge'))
      if (broken) throw new Error('mail')
    },
    { onFailure: 'keep' },
  )
  const runtime = await createTestRuntime({ processes: [pay] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(pay)
  await job.result()
  broken = false
  await runtime.result(await runtime.fork(job.pid, { failed: true }))
  t.deepEqual(done, ['charge'])
  await runtime.result(await runtime.fork(job.pid, { failed: true, fresh: true }))
  t.deepEqual(done, ['charge', 'charge'])
})

test('fork: of branches only those that failed run', async t => {
  for (const onFailure of ['keep', 'stop'] as const) {
    let broken = true
    const ran: string[] = []
    const publish = defineProcess({ name: 'publish' })
      .step('read', () => 1)
      .parallel(
        'send',
        {
          mail: () => ran.push('mail'),
          web: async () => {
            await Promise.resolve()
            ran.push('web')
            if (broken) throw new Error('broken')
            return 'sent'
          },
        },
        { onFailure, when: () => true },
      )
    const runtime = await createTestRuntime({ processes: [publish] })
    const job = await runtime.start(publish)
    await job.result().catch(() => {})
    t.deepEqual(ran, ['mail', 'web'])
    broken = false
    const fork = await runtime.fork(job.pid, { failed: true })
    const output = await runtime.result(fork)
    t.deepEqual(
      output,
      onFailure === 'stop'
        ? { mail: 1, web: 'sent' }
        : { mail: { status: 'fulfilled', value: 1 }, web: { status: 'fulfilled', value: 'sent' } },
    )
    t.deepEqual(ran, ['mail', 'web', 'web'])
    t.deepEqual(
      (await runtime.get(fork))!.steps.map(({ status, attempt }) => [status, attempt]),
      [
        ['finished', 1],
        ['finished', 1],
        ['finished', 1],
        ['finished', 1],
      ],
    )
    await runtime.close()
  }
})

test('fork: where nothing failed there is nothing to repeat', async t => {
  const { definition } = parity(new Set())
  const plain = defineProcess({ name: 'plain' }).step('fail', () => {
    throw new Error('x')
  })
  const runtime = await createTestRuntime({ processes: [definition, plain] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition, [1])
  await job.result()
  await t.throwsAsync(runtime.fork(job.pid, { failed: true }), {
    code: 'ERR_UNKNOWN_STEP',
    message: /no step that failed/,
  })
  await t.throwsAsync(runtime.fork(job.pid, { failed: true, from: 'check' }), {
    code: 'ERR_UNKNOWN_STEP',
    message: /nothing of its step "check" failed/,
  })
  const other = await runtime.start(plain)
  await other.result().catch(() => {})
  await t.throwsAsync(runtime.fork(other.pid, { failed: true }), {
    code: 'ERR_UNKNOWN_STEP',
    message: /Name an each or a parallel step/,
  })
})

test('wrong options say what to do', t => {
  const each = (options: object) => () =>
    defineProcess({ name: 'x' }).each(
      'y',
      () => [1],
      () => 1,
      options as never,
    )
  t.throws(each({ tolerate: 1 }), { instanceOf: TypeError, message: /goes with onFailure: 'keep'/ })
  t.throws(each({ onFailure: 'ignore' }), {
    instanceOf: TypeError,
    message: /onFailure of each step 'y' must be 'stop' or 'keep'/,
  })
  for (const tolerate of [-1, 1.5, '10', '101%', '%', null])
    t.throws(each({ onFailure: 'keep', tolerate }), {
      instanceOf: TypeError,
      message: /tolerate of each step 'y' must be/,
    })
})
