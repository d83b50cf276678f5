import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { z } from 'zod'
import { defineProcess, lowdbStore, openClient, typed, type Store } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'
import { aborted, gate, settled } from './gate.ts'

const begun = defineProcess({ name: 'waits', input: typed<number>() })

const STORES: Record<string, (t: ExecutionContext) => Promise<Store>> = {
  memory: async () => memoryStore(),
  lowdb: async t => lowdbStore(await tempDir(t)),
  sqlite: async t => sqliteStore(join(await tempDir(t), 'store.sqlite')),
}

/** Code that never runs on in a step that is given up. */
const unreachable = (): never => {
  throw new Error('an attempt that was given up went on')
}

for (const [name, open] of Object.entries(STORES))
  test(`${name}: a step waits for an answer over a restart, and begins anew with what it remembers`, async t => {
    const store = await open(t)
    const clock = new TestClock()
    const done: string[] = []
    const definition = begun
      .step('ask', async ({ attempt, once, waitFor }) => {
        const draft = await once('draft', () => {
          done.push('draft')
          return 'a draft'
        })
        const { by } = await waitFor<{ by: string }>('approval')
        const sent = await once('send', () => {
          done.push('send')
          return `${draft}, approved by ${by}`
        })
        return { sent, attempt }
      })
      .step('after', ({ data }) => data)
    const first = await createTestRuntime({ processes: [definition], store, clock })
    const { pid } = await first.start(definition, 1)
    const { steps, ...waiting } = await first.until(pid, 'interrupted')
    t.false('output' in waiting)
    t.like(steps[0], { status: 'interrupted', attempt: 1, waits: [{ name: 'approval', for: 'answer' }] })
    await first.die()
    const second = await createTestRuntime({ processes: [definition], store, clock })
    await second.proceed(pid, { by: 'ada' }, { name: 'approval' })
    t.deepEqual(await second.result(pid), { sent: 'a draft, approved by ada', attempt: 2 })
    t.deepEqual(done, ['draft', 'send'])
    const events = (await second.history(pid)).map(({ event }) => [event.type, event.step, event.name])
    t.deepEqual(
      events.filter(([type]) => type === 'WAIT' || type === 'PROCEED'),
      [
        ['WAIT', 'ask', undefined],
        ['PROCEED', 'ask', 'approval'],
      ],
    )
    t.is((await second.get(pid))?.steps[0]?.error, undefined)
    await second.close()
  })

test('of two waits at once either may be answered, and the other is waited for since then', async t => {
  const definition = begun.step('ask', async ({ waitFor }) => {
    const [a, b] = await Promise.all([waitFor('a', { timeout: '1h' }), waitFor('b')])
    return { a, b } as { a: number; b: number }
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  const first = await runtime.until(job.pid, 'interrupted')
  t.deepEqual(
    first.steps[0]?.waits?.map(({ name }) => name),
    ['a', 'b'],
  )
  await t.throwsAsync(runtime.proceed(job.pid, 1), { code: 'ERR_NAME_REQUIRED', message: /'a', 'b': say which/ })
  await runtime.clock.advance('10m')
  await job.proceed(2, { name: 'b' })
  const again = await runtime.until(job.pid, ({ status, steps }) => status === 'interrupted' && steps[0]?.attempt === 2)
  t.deepEqual(again.steps[0]?.waits, [first.steps[0]!.waits![0]!])
  // The one thing that is left needs no name.
  await runtime.proceed(job.pid, 1)
  t.deepEqual(await job.result(), { a: 1, b: 2 })
  await runtime.close()
})

test('a wait times out, and the step may catch it', async t => {
  const definition = begun.step('ask', async ({ waitFor }) => {
    try {
      return await waitFor<string>('approval', { timeout: '1h' })
    } catch (error) {
      return (error as { code: string }).code
    }
  })
  const uncaught = defineProcess({ name: 'uncaught' }).step('ask', async ({ waitFor }) => {
    await waitFor('approval', { timeout: '1h' })
  })
  const runtime = await createTestRuntime({ processes: [definition, uncaught] })
  const job = await runtime.start(definition, 1)
  const other = await runtime.start(uncaught)
  await runtime.until(job.pid, 'interrupted')
  await runtime.until(other.pid, 'interrupted')
  await runtime.clock.advance('1h')
  t.is(await job.result(), 'ERR_STEP_TIMEOUT')
  await t.throwsAsync(other.result(), { code: 'ERR_STEP_TIMEOUT', message: /'approval'.*within its timeout/ })
  await runtime.close()
})

test('an answer is checked when it is given, also by a host that has not run the step yet', async t => {
  const store = memoryStore()
  const clock = new TestClock()
  const definition = begun.step('ask', async ({ waitFor }) => {
    const { by } = await waitFor('approval', { schema: z.object({ by: z.string().toUpperCase() }) })
    return by
  })
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await first.start(definition, 1)
  const { steps } = await first.until(pid, 'interrupted')
  t.like(steps[0]?.waits?.[0]?.schema, { type: 'object', required: ['by'] })
  await t.throwsAsync(first.proceed(pid, { by: 7 }), {
    code: 'ERR_INVALID_INPUT',
    message: /The answer to "approval".*\$\.by/,
  })
  await first.die()
  const second = await createTestRuntime({ processes: [definition], store, clock })
  const client = openClient(store)
  await t.throwsAsync(client.proceed(pid, { by: 7 }), { code: 'ERR_INVALID_INPUT', message: /\$\.by/ })
  t.is((await second.get(pid))?.status, 'interrupted')
  t.is(await client.proceed(pid, { by: 'ada' }), 'taken')
  t.is(await second.result(pid), 'ADA')
  await client.close()
  await second.close()
})

test('once calls under way come to their end, and those that follow, before the attempt is given up', async t => {
  const open = gate()
  const done: string[] = []
  const definition = begun.step('ask', async ({ once, waitFor, signal }) => {
    const [answer] = await Promise.all([
      waitFor<string>('approval'),
      (async () => {
        for (const name of ['a', 'b', 'c'])
          await once(name, async () => {
            if (name === 'a') await open.promise
            done.push(name)
            return name
          })
      })(),
    ])
    t.false(signal.aborted)
    return answer
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  await settled()
  t.is((await runtime.get(job.pid))?.status, 'running')
  open.open()
  await runtime.until(job.pid, 'interrupted')
  t.deepEqual(done, ['a', 'b', 'c'])
  await job.proceed('yes', { name: 'approval' })
  t.is(await job.result(), 'yes')
  t.deepEqual(done, ['a', 'b', 'c'])
  await runtime.close()
})

test('what was given up is told by its signal, and goes no further', async t => {
  const told = gate<unknown>()
  const definition = begun.step('ask', async ({ attempt, signal, waitFor, once }) => {
    if (attempt === 1)
      void aborted(signal)
        .then(reason => {
          told.open(reason)
          return once('late', unreachable)
        })
        .catch(() => {})
    try {
      return await waitFor<string>('approval')
    } finally {
      if (attempt === 1) unreachable()
    }
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  t.like(await told.promise, { code: 'ERR_STEP_WAITS' })
  await runtime.until(job.pid, 'interrupted')
  await job.proceed('yes', { name: 'approval' })
  t.is(await job.result(), 'yes')
  await runtime.close()
})

test('an answer may come before its wait, and one that came twice is refused', async t => {
  const open = gate()
  const definition = begun
    .step('work', () => open.promise.then(() => 1))
    .step('ask', async ({ waitFor }) => {
      const first = await waitFor<string>('first')
      const second = await waitFor<string>('second')
      return [first, second]
    })
  const store = memoryStore()
  const runtime = await createTestRuntime({ processes: [definition], store })
  const job = await runtime.start(definition, 1)
  t.is(await job.proceed('b', { name: 'second' }), 'kept')
  await t.throwsAsync(job.proceed('c', { name: 'second' }), {
    code: 'ERR_NOT_INTERRUPTED',
    message: /'second', and has/,
  })
  open.open()
  await runtime.until(job.pid, 'interrupted')
  const client = openClient(store)
  // Both have seen the same wait.
  const outcomes = await Promise.allSettled([client.proceed(job.pid, 'a'), client.proceed(job.pid, 'z')])
  t.deepEqual(
    outcomes.map(({ status }) => status).toSorted((a, b) => (a < b ? -1 : 1)),
    ['fulfilled', 'rejected'],
  )
  const [first, second] = (await job.result()) as string[]
  t.true(first === 'a' || first === 'z')
  t.is(second, 'b')
  await client.close()
  await runtime.close()
})

test('a step sleeps in its work, over a restart', async t => {
  const store = memoryStore()
  const clock = new TestClock()
  const polled: number[] = []
  const definition = begun.step('poll', async ({ once, sleep }) => {
    for (let n = 1; ; n++) {
      const found = await once(`poll-${n}`, () => {
        polled.push(n)
        return n > 2
      })
      if (found) return n
      await sleep(`nap-${n}`, '1h')
    }
  })
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await first.start(definition, 1)
  const { steps } = await first.until(pid, 'sleeping')
  t.like(steps[0], { status: 'sleeping', waits: [{ name: 'nap-1', for: 'time' }] })
  await t.throwsAsync(first.proceed(pid, 1), { code: 'ERR_NOT_INTERRUPTED' })
  await first.die()
  const second = await createTestRuntime({ processes: [definition], store, clock })
  await clock.advance('1h')
  await second.until(pid, ({ status, steps }) => status === 'sleeping' && steps[0]?.waits?.[0]?.name === 'nap-2')
  await clock.advance('1h')
  t.is(await second.result(pid), 3)
  t.deepEqual(polled, [1, 2, 3])
  await second.close()
})

test('a sleep until a past date is over', async t => {
  const definition = begun.step('nap', async ({ sleep, attempt }) => {
    await sleep('nap', new Date(0))
    return attempt
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  t.is(await (await runtime.start(definition, 1)).result(), 1)
  await runtime.close()
})

test('a wait takes no slot, no attempt of the retries, and stops the clock of the process', async t => {
  const waits = defineProcess({ name: 'waits', timeout: '1m' }).step(
    'ask',
    async ({ waitFor, attempt }) => {
      await waitFor('approval')
      if (attempt === 2) throw new Error('not this time')
      return attempt
    },
    { retry: { attempts: 2, delay: 0 }, timeout: '1m' },
  )
  const plain = defineProcess({ name: 'plain' }).step('a', () => 1)
  const runtime = await createTestRuntime({ processes: [waits, plain], concurrency: 1 })
  const job = await runtime.start(waits)
  const { deadline } = await runtime.until(job.pid, 'interrupted')
  t.is(deadline, undefined)
  t.is(await (await runtime.start(plain)).result(), 1)
  await runtime.clock.advance('2m')
  await job.proceed(undefined, { name: 'approval' })
  await runtime.until(job.pid, ({ steps }) => steps[0]?.status === 'waiting')
  await runtime.clock.advance(0)
  t.is(await job.result(), 3)
  await runtime.close()
})

test('a process that waits is cancelled, forked and retried', async t => {
  const done: string[] = []
  const definition = begun.step('ask', async ({ once, waitFor }) => {
    await once('a', () => {
      done.push('a')
      return 1
    })
    const answer = await waitFor<string>('approval')
    if (answer === 'fail') throw new Error('no')
    return answer
  })
  const runtime = await createTestRuntime({ processes: [definition], worker: true })
  const first = await runtime.start(definition, 1)
  await runtime.until(first.pid, 'interrupted')
  const forked = await runtime.fork(first.pid)
  await first.cancel()
  await t.throwsAsync(first.result(), { code: 'ERR_CANCELLED' })
  t.is((await runtime.get(first.pid))?.steps[0]?.waits, undefined)
  await runtime.until(forked, 'interrupted')
  await runtime.proceed(forked, 'fail')
  await t.throwsAsync(runtime.result(forked), { message: /no/ })
  t.deepEqual(done, ['a'])
  // It remembers the answer too; a fresh fork asks again.
  const retried = await runtime.retry(forked)
  await t.throwsAsync(runtime.result(retried), { message: /no/ })
  const fresh = await runtime.fork(forked, { fresh: true })
  await runtime.until(fresh, 'interrupted')
  await runtime.proceed(fresh, 'yes')
  t.is(await runtime.result(fresh), 'yes')
  t.deepEqual(done, ['a', 'a'])
  await runtime.close()
})

test('work that cannot wait says so', async t => {
  const code = async (waiting: Promise<unknown>): Promise<string> => {
    try {
      await waiting
      return 'none'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const definition = begun
    .step('once', ({ once, waitFor, sleep }) =>
      once('a', async () => [await code(waitFor('x')), await code(sleep('y', 1))]),
    )
    .parallel('both', { left: ({ waitFor }) => code(waitFor('x')) })
    .each(
      'items',
      () => [1],
      ({ sleep }) => code(sleep('x', 1)),
    )
    .step('all', async ({ data, output }) => [...(await output('once')), (await output('both')).left, ...data])
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  const refused = ['ERR_CANNOT_WAIT', 'ERR_CANNOT_WAIT', 'ERR_CANNOT_WAIT', 'ERR_CANNOT_WAIT']
  t.deepEqual(await job.result(), refused)
  t.deepEqual(await definition.run(1), refused)
  await runtime.close()
})

test('bad names and options are refused', async t => {
  const definition = begun.step('ask', async ({ waitFor, sleep }) => {
    await t.throwsAsync(waitFor(''), { instanceOf: TypeError, message: /name of waitFor\(\)/ })
    await t.throwsAsync(waitFor('?a'), { instanceOf: TypeError })
    await t.throwsAsync(waitFor('x'.repeat(257)), { code: 'ERR_MEMORY_LIMIT' })
    await t.throwsAsync(waitFor('a', { timeout: 'soon' as never }), {
      instanceOf: TypeError,
      message: /timeout of waitFor/,
    })
    await t.throwsAsync(sleep('a', 'soon' as never), { instanceOf: TypeError, message: /time of sleep/ })
    return 1
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  t.is(await job.result(), 1)
  await t.throwsAsync(runtime.proceed(job.pid, 1, { nam: 'a' } as never), { instanceOf: TypeError })
  await runtime.close()
})
