import test from 'ava'
import { defineProcess, FatalError, ProcessError, typed } from '../../src/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { createTestRuntime } from '../../src/testing/test-runtime.ts'
import { TestClock } from '../../src/testing/test-clock.ts'
import { aborted, gate, settled } from './gate.ts'

const begun = defineProcess({ name: 'fan-out', input: typed<{ items: number[] }>() })
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const items = { items: numbers(20) }

test('every item is worked on, so many at once, and the outputs keep the order', async t => {
  let now = 0
  let most = 0
  const keys = new Set<string>()
  const definition = begun
    .each(
      'double',
      ({ data }) => data.items,
      async ({ data, attempt, idempotencyKey, input }) => {
        most = Math.max(most, ++now)
        keys.add(idempotencyKey)
        await settled((data * 7) % 5)
        now--
        t.is(input.items.length, 20)
        return { n: data * 2, attempt }
      },
      { concurrency: 4 },
    )
    .step('count', ({ data }) => data.map(({ n }) => n))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, items)
  t.deepEqual(
    await job.result(),
    numbers(20).map(n => n * 2),
  )
  t.is(most, 4)
  t.is(keys.size, 20)
  const info = await runtime.get(job.pid)
  t.like(info?.steps[0], {
    name: 'double',
    kind: 'each',
    status: 'finished',
    attempt: 1,
    progress: { value: 20, total: 20 },
  })
})

test('no items give an empty array; a list that is none, or cannot be made, fails the step', async t => {
  const listing = (list: (data: { items: number[] }) => unknown) =>
    begun.each(
      'all',
      ({ data }) => list(data) as number[],
      ({ data }) => data,
    )
  const empty = listing(() => [])
  const none = listing(() => 'abc')
  const bad = listing(() => {
    throw new Error('no list')
  })
  for (const [definition, message] of [
    [none, /items of each step 'all' must be an array; received 'abc'/],
    [bad, /no list/],
  ] as const) {
    const runtime = await createTestRuntime({ processes: [definition] })
    await t.throwsAsync((await runtime.start(definition, items)).result(), { instanceOf: ProcessError, message })
  }
  const runtime = await createTestRuntime({ processes: [empty] })
  t.deepEqual(await (await runtime.start(empty, items)).result(), [])
})

test('progress counts items, and shows the newest message', async t => {
  const clock = new TestClock()
  const gates = numbers(3).map(() => gate())
  const definition = begun.each(
    'all',
    ({ data }) => data.items,
    async ({ data, progress }) => {
      progress(1, 2, `at ${data}`)
      await gates[data]!.promise
      return data
    },
  )
  const runtime = await createTestRuntime({ processes: [definition], clock })
  const job = await runtime.start(definition, { items: numbers(3) })
  await settled()
  gates[1]!.open()
  await settled()
  t.deepEqual((await runtime.get(job.pid))?.steps[0]?.progress, { value: 1, total: 3, message: 'at 2' })
  gates[0]!.open()
  await settled()
  await clock.advance('100ms')
  t.is((await runtime.get(job.pid))?.steps[0]?.progress?.value, 2)
  gates[2]!.open()
  t.deepEqual(await job.result(), [0, 1, 2])
})

test('an item has its own retry and timeout', async t => {
  const clock = new TestClock()
  const runs: string[] = []
  const definition = begun.each(
    'all',
    ({ data }) => data.items,
    async ({ data, attempt, signal }) => {
      runs.push(`${data}.${attempt}`)
      if (data === 1 && attempt < 3) throw new Error('flaky')
      if (data === 2 && attempt === 1) await aborted(signal)
      return attempt
    },
    { timeout: '10s', retry: { attempts: 3, delay: '1m', jitter: false } },
  )
  const runtime = await createTestRuntime({ processes: [definition], clock })
  const job = await runtime.start(definition, { items: numbers(4) })
  await settled()
  await clock.advance('10m')
  t.deepEqual(await job.result(), [1, 3, 2, 1])
  t.deepEqual(runs, ['0.1', '1.1', '2.1', '3.1', '1.2', '2.2', '1.3'])
})

test('the first item that fails for good aborts the rest: nothing more begins', async t => {
  const runs: number[] = []
  const reasons: unknown[] = []
  const definition = begun.each(
    'all',
    ({ data }) => data.items,
    async ({ data, signal }) => {
      runs.push(data)
      if (data === 3) {
        await settled()
        throw new FatalError('broken')
      }
      if (data > 0) reasons.push(await aborted(signal))
      return data
    },
    { concurrency: 4, retry: 5 },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, items)
  const error = await t.throwsAsync(job.result(), {
    instanceOf: ProcessError,
    message: /Item 3 of step 'all' failed: broken/,
  })
  t.is(error.step, 'all')
  t.is((error.cause as Error & { cause: Error }).cause.message, 'broken')
  await settled()
  t.deepEqual(runs, [0, 1, 2, 3, 4])
  t.is(reasons.length, 3)
  t.like((await runtime.get(job.pid))?.steps[0], { status: 'error', progress: { value: 1, total: 20 } })
})

test('a timeout of an item, and an output that is not JSON, have their codes', async t => {
  const clock = new TestClock()
  const late = begun.each(
    'all',
    ({ data }) => data.items,
    async ({ signal }) => void (await aborted(signal)),
    { timeout: '1s' },
  )
  const odd = defineProcess({ name: 'odd' }).each(
    'all',
    () => [1],
    () => ({ at: new Date() }) as unknown,
  )
  const runtime = await createTestRuntime({ processes: [late, odd], clock })
  const job = await runtime.start(late, items)
  await settled()
  await clock.advance('2s')
  await t.throwsAsync(job.result(), {
    code: 'ERR_STEP_TIMEOUT',
    message: /Item 0 of step 'all'.*took longer than its timeout of 1000 ms/,
  })
  await t.throwsAsync((await runtime.start(odd)).result(), {
    code: 'ERR_NOT_JSON',
    message: /Item 0.*\$\.at is a Date/,
  })
})

test('after a restart finished items are not run again, although the list would be another now', async t => {
  const clock = new TestClock()
  const store = memoryStore()
  const runs: string[] = []
  let listed = 0
  let hold = true
  const definition = begun.each(
    'all',
    ({ data }) => {
      listed++
      return listed === 1 ? data.items : []
    },
    async ({ data, attempt, signal }) => {
      runs.push(`${data}`)
      if (hold && data >= 6) {
        await aborted(signal)
        throw signal.reason
      }
      return `${data}.${attempt}`
    },
    { concurrency: 3 },
  )
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await first.start(definition, { items: numbers(10) })
  await settled(20)
  await first.close()
  t.deepEqual(runs, ['0', '1', '2', '3', '4', '5', '6', '7', '8'])
  t.is((await first.get(pid))?.steps[0]?.progress?.value, 6)
  runs.length = 0
  hold = false
  const second = await createTestRuntime({ processes: [definition], store, clock })
  t.deepEqual(
    await second.result(pid),
    numbers(10).map(n => `${n}.1`),
  )
  t.deepEqual(runs, ['6', '7', '8', '9'])
  t.like((await second.get(pid))?.steps[0], { attempt: 2, progress: { value: 10, total: 10 } })
})

test('cancel reaches every item', async t => {
  let ended = 0
  const definition = begun.each(
    'all',
    ({ data }) => data.items,
    async ({ signal }) => {
      await aborted(signal)
      ended++
      signal.throwIfAborted()
    },
    { concurrency: 5 },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, items)
  await settled()
  await job.cancel('enough')
  await settled()
  t.is(ended, 5)
  t.is((await runtime.get(job.pid))?.status, 'cancelled')
})

test('in the caller the same happens; when it is not wanted it is skipped', async t => {
  const keys: string[] = []
  const definition = begun.each(
    'all',
    ({ data }) => data.items,
    ({ data, attempt, idempotencyKey }) => {
      keys.push(idempotencyKey)
      if (data === 2 && attempt === 1) throw new Error('again')
      return data + 1
    },
    { retry: { attempts: 2, delay: 0 }, concurrency: 2 },
  )
  t.deepEqual(await definition.run({ items: numbers(4) }), [1, 2, 3, 4])
  t.is(new Set(keys).size, 4)
  const failing = begun.each(
    'all',
    ({ data }) => data.items,
    ({ data, signal }) => (data === 1 ? Promise.reject(new Error('no')) : aborted(signal).then(() => null)),
  )
  await t.throwsAsync(failing.run(items), {
    instanceOf: ProcessError,
    message: /Item 1 of step 'all' of process 'fan-out' failed: no/,
  })
  const skipped = begun.each(
    'all',
    ({ data }) => data.items,
    () => t.fail(),
    { when: () => false },
  )
  t.deepEqual(await skipped.run(items), items as never)
  const runtime = await createTestRuntime({ processes: [skipped] })
  t.deepEqual(await (await runtime.start(skipped, items)).result(), items as never)
})

test('wrong options are refused', t => {
  const add = (list: unknown, work: unknown, options?: unknown) => () =>
    begun.each('all', list as never, work as never, options as never)
  t.throws(
    add([1], () => 1),
    { instanceOf: TypeError, message: /items of each step 'all' must be a function; received \[ 1 \]/ },
  )
  t.throws(
    add(() => [], 5),
    { instanceOf: TypeError, message: /work of each step 'all'/ },
  )
  for (const concurrency of [0, 1.5, '3', Infinity])
    t.throws(
      add(
        () => [],
        () => 1,
        { concurrency },
      ),
      { instanceOf: TypeError, message: /concurrency of each step 'all' must be an integer from 1/ },
    )
  t.throws(
    add(
      () => [],
      () => 1,
      { interrupt: true },
    ),
    { instanceOf: TypeError, message: /unknown key 'interrupt'/ },
  )
})
