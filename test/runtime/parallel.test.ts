import test from 'ava'
import { defineProcess, ProcessError, typed } from '../../src/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { createTestRuntime } from '../../src/testing/test-runtime.ts'
import { TestClock } from '../../src/testing/test-clock.ts'
import { aborted, gate, settled } from './gate.ts'

const begun = defineProcess({ name: 'publish', input: typed<{ n: number }>() })

test('branches run at once, each on its own copy of the data; the output has theirs by name, in the order of the definition', async t => {
  const [a, b] = [gate(), gate()]
  const seen: unknown[] = []
  const definition = begun
    .parallel('both', {
      slow: async ({ data, step, idempotencyKey, pid }) => {
        seen.push(step, idempotencyKey === `${pid}:both.slow`)
        data.n += 100
        await a.promise
        return data.n
      },
      fast: async ({ data }) => {
        await b.promise
        return { n: data.n }
      },
    })
    .step('after', ({ data }) => ({ ...data, sum: data.slow + data.fast.n }))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { n: 1 })
  await settled()
  t.deepEqual(
    (await runtime.get(job.pid))?.steps.map(({ name, kind, status }) => `${name} ${kind} ${status}`),
    ['both parallel running', 'both.slow step running', 'both.fast step running', 'after step pending'],
  )
  b.open()
  await settled()
  t.is((await runtime.get(job.pid))?.steps[2]?.status, 'finished')
  a.open()
  t.deepEqual(await job.result(), { slow: 101, fast: { n: 1 }, sum: 102 })
  t.deepEqual(Object.keys((await job.result()) as object), ['slow', 'fast', 'sum'])
  t.deepEqual(seen, ['both.slow', true])
  t.true((await runtime.get(job.pid))?.steps.every(({ status }) => status === 'finished'))
})

test('the first branch that fails for good aborts the others and ends the process', async t => {
  const stopped = gate<unknown>()
  const definition = begun.parallel('both', {
    endless: async ({ signal }) => {
      stopped.open(await aborted(signal))
      return 'too late'
    },
    bad: async () => {
      await settled()
      throw new Error('no feed')
    },
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { n: 1 })
  const error = await t.throwsAsync(job.result(), { instanceOf: ProcessError, message: /both\.bad.*no feed/ })
  t.is(error.step, 'both.bad')
  t.regex(String(await stopped.promise), /no longer wanted/)
  t.deepEqual(
    (await runtime.get(job.pid))?.steps.map(({ name, status }) => `${name} ${status}`),
    ['both error', 'both.endless cancelled', 'both.bad error'],
  )
})

test('a branch has its own retry and timeout; only when all wait does the process give up its slot', async t => {
  const clock = new TestClock()
  const open = gate()
  const definition = begun.parallel('both', {
    flaky: {
      run: ({ attempt }) => {
        if (attempt < 3) throw new Error('not yet')
        return attempt
      },
      retry: { attempts: 3, delay: '1m', jitter: false },
    },
    steady: async () => {
      await open.promise
      return 'ok'
    },
    late: {
      run: async ({ attempt, signal }) => (attempt === 1 ? String(await aborted(signal)) : 'in time'),
      timeout: '10s',
      retry: { attempts: 2, delay: 0 },
    },
  })
  const other = defineProcess({ name: 'other' }).step('x', () => 1)
  const runtime = await createTestRuntime({ processes: [definition, other], clock, concurrency: 1 })
  const job = await runtime.start(definition, { n: 1 })
  const second = await runtime.start(other)
  await settled()
  await clock.advance('20s')
  t.is((await runtime.get(second.pid))?.status, 'pending', 'a branch is still at work')
  open.open()
  await settled()
  t.is((await runtime.get(second.pid))?.status, 'finished', 'the one branch left waits for its retry')
  await clock.advance('5m')
  t.deepEqual(await job.result(), { flaky: 3, steady: 'ok', late: 'in time' })
  t.deepEqual(
    (await runtime.get(job.pid))?.steps.map(({ attempt }) => attempt),
    [1, 3, 1, 2],
  )
})

test('the timeout of the whole step stands through a restart', async t => {
  const clock = new TestClock()
  const store = memoryStore()
  const definition = begun.parallel(
    'both',
    { a: async ({ signal }) => Promise.reject(await aborted(signal)) },
    { timeout: '1h' },
  )
  const first = await createTestRuntime({ processes: [definition], clock, store })
  const { pid } = await first.start(definition, { n: 1 })
  await settled()
  await clock.advance('50m')
  await first.close()
  const second = await createTestRuntime({ processes: [definition], clock, store })
  await settled()
  await clock.advance('11m')
  t.like(await second.get(pid), { status: 'error', error: { code: 'ERR_STEP_TIMEOUT', step: 'both' } })
})

test('when it is not wanted it is skipped, branches and all', async t => {
  const definition = begun.parallel('both', { a: () => t.fail() }, { when: ({ data }) => data.n > 3 })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { n: 1 })
  t.deepEqual(await job.result(), { n: 1 } as never)
  t.deepEqual(
    (await runtime.get(job.pid))?.steps.map(({ status }) => status),
    ['skipped', 'pending'],
  )
})

test('after a restart only the branches that had not finished run again', async t => {
  const store = memoryStore()
  const clock = new TestClock()
  const runs: string[] = []
  const hold = gate()
  const definition = begun.parallel('both', {
    quick: ({ attempt }) => {
      runs.push(`quick ${attempt}`)
      return 'done'
    },
    slow: async ({ attempt, signal }) => {
      runs.push(`slow ${attempt}`)
      await Promise.race([hold.promise, aborted(signal)])
      signal.throwIfAborted()
      return attempt
    },
    patient: {
      run: ({ attempt }) => {
        runs.push(`patient ${attempt}`)
        if (attempt === 1) throw new Error('later')
        return attempt
      },
      retry: { attempts: 2, delay: '1h', jitter: false },
    },
  })
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await first.start(definition, { n: 1 })
  await settled()
  await first.close()
  const second = await createTestRuntime({ processes: [definition], store, clock })
  hold.open()
  await settled()
  t.deepEqual(runs, ['quick 1', 'slow 1', 'patient 1', 'slow 2'])
  await clock.advance('1h')
  t.deepEqual(await second.result(pid), { quick: 'done', slow: 2, patient: 2 })
})

test('a process that waits for a slot with several branches takes one slot only', async t => {
  const store = memoryStore()
  const clock = new TestClock()
  let atOnce = 0
  const one = async ({ signal }: { signal: AbortSignal }) => {
    atOnce++
    await Promise.race([settled(20), aborted(signal)])
    signal.throwIfAborted()
    return atOnce--
  }
  const definition = begun.parallel('both', { a: one, b: one })
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const pids = await Promise.all([1, 2, 3].map(async n => (await first.start(definition, { n })).pid))
  await first.close()
  atOnce = 0
  const second = await createTestRuntime({ processes: [definition], store, clock, concurrency: 1 })
  for (const pid of pids) t.truthy(await second.result(pid))
  const last = await second.start(definition, { n: 4 })
  t.truthy(await last.result(), 'the slot is free again')
})

test('in the caller the same happens', async t => {
  const definition = begun.parallel('both', {
    a: ({ data }) => data.n,
    b: {
      run: ({ attempt }) => {
        if (attempt === 1) throw new Error('again')
        return attempt
      },
      retry: { attempts: 2, delay: 0 },
    },
  })
  t.deepEqual(await definition.run({ n: 1 }), { a: 1, b: 2 })
  let reason: unknown
  const failing = begun.parallel('both', {
    a: async ({ signal }) => void (reason = await aborted(signal)),
    b: () => Promise.reject(new Error('no')),
  })
  t.is((await t.throwsAsync(failing.run({ n: 1 }), { instanceOf: ProcessError, message: /no$/ })).step, 'both.b')
  await settled()
  t.truthy(reason)
})

test('wrong branches are refused', t => {
  const add = (branches: unknown, options?: unknown) => () =>
    begun.parallel('both', branches as never, options as never)
  t.throws(add({}), { instanceOf: TypeError, message: /branches of parallel step 'both' must be an object/ })
  t.throws(add([() => 1]), { instanceOf: TypeError })
  t.throws(add({ 'a.b': () => 1 }), {
    instanceOf: TypeError,
    message: /name of a branch of parallel step 'both'.*'a\.b'/,
  })
  t.throws(add({ a: 1 }), { instanceOf: TypeError, message: /work of branch 'both\.a'/ })
  t.throws(add({ a: { run: () => 1, interrupt: true } }), {
    instanceOf: TypeError,
    message: /branch 'both\.a' .*unknown key 'interrupt'/,
  })
  t.throws(add({ a: () => 1 }, { retry: 3 }), { instanceOf: TypeError, message: /unknown key 'retry'/ })
})
