import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  createRuntime,
  defineProcess,
  lowdbStore,
  RetryError,
  typed,
  type OnceCall,
  type ProcessDefinition,
  type Store,
} from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'
import { aborted, gate, settled } from './gate.ts'

const begun = defineProcess({ name: 'remembers', input: typed<number>() })

const STORES: Record<string, (t: ExecutionContext) => Promise<Store>> = {
  memory: async () => memoryStore(),
  lowdb: async t => lowdbStore(await tempDir(t)),
  sqlite: async t => sqliteStore(join(await tempDir(t), 'store.sqlite')),
}

/** Names of work, in the order in which it was done. */
function journal() {
  const done: string[] = []
  const work = (name: string) => () => {
    done.push(name)
    return `${name}!`
  }
  return { done, work }
}

for (const [name, open] of Object.entries(STORES)) {
  test(`${name}: what was done once is not done again on another host, in whatever order it is asked for`, async t => {
    const store = await open(t)
    const { done, work } = journal()
    const reached = gate()
    const definition = begun.step('agent', async ({ attempt, once, signal }) => {
      const names = attempt === 1 ? ['a', 'b'] : ['c', 'b', 'a']
      const outputs: string[] = []
      for (const one of names) outputs.push(await once(one, work(one)))
      if (attempt > 1) return outputs
      reached.open()
      await aborted(signal)
      throw signal.reason
    })
    const first = await createTestRuntime({ processes: [definition], store })
    const { pid } = await first.start(definition, 1)
    await reached.promise
    await first.die()
    const second = await createTestRuntime({ processes: [definition], store })
    t.deepEqual(await second.result(pid), ['c!', 'b!', 'a!'])
    t.deepEqual(done, ['a', 'b', 'c'])
    const lines = (await second.history(pid)).filter(({ event }) => event.type === 'REMEMBER')
    t.deepEqual(
      lines.map(({ event }) => event.step),
      ['agent', 'agent', 'agent'],
    )
    await second.close()
  })
}

test('the output is in the store when once resolves, and each caller has a copy of it', async t => {
  const store = memoryStore()
  const definition = begun.step('agent', async ({ pid, once }) => {
    const [one, other] = await Promise.all([once('list', () => [1, 2]), once('list', () => [3])])
    one.push(9)
    const records = (await store.history(pid)) ?? []
    const again = await once('list', () => [4])
    return {
      one,
      other,
      again,
      stored: records.flatMap(({ memory = [] }) => memory.map(([name, output]) => [name, output])) as never[],
    }
  })
  const runtime = await createTestRuntime({ processes: [definition], store })
  t.deepEqual(await (await runtime.start(definition, 1)).result(), {
    one: [1, 2, 9],
    other: [1, 2],
    again: [1, 2],
    stored: [['list', [1, 2]]] as never[],
  })
})

test('what throws is not remembered, and is tried again as its options or the next attempt say', async t => {
  const clock = new TestClock()
  const calls: Pick<OnceCall, 'attempt' | 'idempotencyKey'>[] = []
  let failures = 3
  const definition = begun.step(
    'agent',
    async ({ once }) =>
      once(
        'flaky',
        ({ attempt, idempotencyKey }) => {
          calls.push({ attempt, idempotencyKey })
          if (failures-- > 0) throw failures === 2 ? new RetryError('busy', { after: '1h' }) : new Error('flaky')
          return 'at last'
        },
        { retry: { attempts: 2, delay: '1m', jitter: false } },
      ),
    { retry: { attempts: 2, delay: '1m', jitter: false } },
  )
  const runtime = await createTestRuntime({ processes: [definition], clock })
  const job = await runtime.start(definition, 1)
  await settled()
  t.is(calls.length, 1)
  await clock.advance('59m')
  t.is(calls.length, 1)
  await clock.advance('10m')
  t.is(await job.result(), 'at last')
  t.deepEqual(
    calls.map(({ attempt }) => attempt),
    [1, 2, 1, 2],
  )
  t.deepEqual(new Set(calls.map(({ idempotencyKey }) => idempotencyKey)), new Set([`${job.pid}:agent:flaky`]))
})

test('a call that takes too long rejects, and its signal aborts; the step may catch it', async t => {
  const clock = new TestClock()
  const reasons: unknown[] = []
  const definition = begun.step('agent', async ({ once }) => {
    try {
      return await once('slow', async ({ signal }) => void reasons.push(await aborted(signal)), { timeout: '10s' })
    } catch (error) {
      return (error as { code: string }).code
    }
  })
  const runtime = await createTestRuntime({ processes: [definition], clock })
  const job = await runtime.start(definition, 1)
  await settled()
  await clock.advance('10s')
  t.is((await job.result()) as unknown, 'ERR_STEP_TIMEOUT')
  t.like(reasons, { length: 1, 0: { code: 'ERR_STEP_TIMEOUT' } })
})

test('a call under way when its attempt fails is not lost: the next attempt waits for it', async t => {
  const clock = new TestClock()
  const paid = gate<string>()
  const done: string[] = []
  const definition = begun.step(
    'agent',
    async ({ attempt, once }) => {
      const pay = once('pay', () => (done.push('pay'), paid.promise))
      if (attempt === 1) throw new Error('beside it')
      return pay
    },
    { retry: { attempts: 2, delay: '1s' } },
  )
  const runtime = await createTestRuntime({ processes: [definition], clock })
  const job = await runtime.start(definition, 1)
  await settled()
  await clock.advance('2s')
  t.like(await runtime.get(job.pid), { steps: [{ attempt: 2, status: 'running' }] })
  paid.open('receipt')
  t.is(await job.result(), 'receipt')
  t.deepEqual(done, ['pay'])
})

test('a runtime that closes waits for a call under way whose attempt is over', async t => {
  const store = memoryStore()
  const paid = gate<string>()
  const done: string[] = []
  const definition = begun.step(
    'agent',
    async ({ attempt, once }) => {
      const pay = once('pay', () => (done.push('pay'), paid.promise))
      if (attempt === 1) throw new Error('beside it')
      return pay
    },
    { retry: { attempts: 2, delay: '1h' } },
  )
  const clock = new TestClock()
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await first.start(definition, 1)
  await settled()
  const closed = first.close()
  await settled()
  paid.open('receipt')
  await closed
  const second = await createTestRuntime({ processes: [definition], store, clock })
  await clock.advance('2h')
  t.is(await second.result(pid), 'receipt')
  t.deepEqual(done, ['pay'])
})

test('branches and items have memories of their own', async t => {
  const store = memoryStore()
  const { done, work } = journal()
  const held = gate()
  let holds = 3
  const hold = async (signal: AbortSignal): Promise<void> => {
    if (--holds === 0) held.open()
    await aborted(signal)
    throw signal.reason
  }
  const definition = begun
    .parallel('both', {
      left: async ({ once }) => once('same', work('left')),
      right: async ({ once, attempt, signal }) => {
        const output = await once('same', work('right'))
        if (attempt === 1) await hold(signal)
        return output
      },
    })
    .each(
      'all',
      async ({ once }) => once('list', () => (work('list')(), [0, 1, 2])),
      async ({ data, once, signal }) => {
        const output = await once('same', work(`item ${data}`))
        if (data > 0 && holds > 0) await hold(signal)
        return output
      },
    )
  let runtime = await createTestRuntime({ processes: [definition], store })
  const { pid } = await runtime.start(definition, 1)
  await settled(20)
  await runtime.die()
  runtime = await createTestRuntime({ processes: [definition], store })
  await held.promise
  await runtime.close()
  runtime = await createTestRuntime({ processes: [definition], store })
  t.deepEqual(await runtime.result(pid), ['item 0!', 'item 1!', 'item 2!'])
  t.deepEqual(done.toSorted(), ['item 0', 'item 1', 'item 2', 'left', 'list', 'right'])
})

test('names and their number are limited, with codes', async t => {
  const many = begun.step('agent', async ({ once }) => {
    for (let n = 0; n <= 10_000; n++) await once(`${n}`, () => n)
    return 'too many'
  })
  const long = begun.step('agent', async ({ once }) => once('x'.repeat(257), () => 1))
  const wrong = (name: unknown, ...more: unknown[]) =>
    begun.step('agent', async ({ once }) => (once as (...given: unknown[]) => Promise<never>)(name, ...more))
  const failing = async (definition: ProcessDefinition, expectation: object) => {
    const runtime = await createTestRuntime({ processes: [definition] })
    await t.throwsAsync((await runtime.start(definition, 1)).result(), expectation)
    await t.throwsAsync(definition.run(1), expectation)
  }
  await failing(many, { code: 'ERR_MEMORY_LIMIT', message: /once\('10000'\).*used 10000 names/ })
  await failing(long, { code: 'ERR_MEMORY_LIMIT', message: /longer than 256 characters/ })
  await failing(
    wrong('x', () => new Date(0)),
    { code: 'ERR_NOT_JSON' },
  )
  await failing(
    wrong(7, () => 1),
    { message: /name of once\(\) in Step 'agent' of process .* must be a string.*received 7/ },
  )
  await failing(
    wrong('#1', () => 1),
    { message: /does not begin with # or \?; received '#1'/ },
  )
  await failing(wrong('x', 1), { message: /work of once\('x'\) in .* must be a function; received 1/ })
  await failing(
    wrong('x', () => 1, { retries: 1 }),
    { message: /timeout, retry; received the unknown key 'retries'/ },
  )
})

test('a call inside of itself is refused; one with another name is remembered', async t => {
  const deep = begun.step('agent', async ({ once }) =>
    once('outer', async () => once('inner', async () => once('outer', () => 1))),
  )
  const fine = begun.step('agent', async ({ once }) =>
    once('outer', async () => `${await once('inner', () => 1)}, and out`),
  )
  t.is(await fine.run(1), '1, and out')
  await t.throwsAsync(deep.run(1), { message: /once\('outer'\) in .* would wait for itself/ })
})

test('run() remembers between the attempts at a step', async t => {
  const { done, work } = journal()
  const definition = begun.step(
    'agent',
    async ({ attempt, once }) => {
      const output = await once('a', work('a'))
      if (attempt === 1) throw new Error('after it')
      return output
    },
    { retry: { attempts: 2, delay: 0 } },
  )
  t.is(await definition.run(1), 'a!')
  t.deepEqual(done, ['a'])
})

for (const isolate of ['thread', 'process'] as const)
  test(`${isolate}: an isolated step remembers`, async t => {
    const file = join(await tempDir(t), 'done')
    writeFileSync(file, '')
    const definition = defineProcess({ name: 'apart', input: typed<{ file: string }>() }).step(
      'agent',
      { module: new URL('./isolated.ts', import.meta.url), export: 'twice' },
      { isolate, retry: { attempts: 2, delay: 0 } },
    )
    const runtime = await createRuntime({ processes: [definition], store: memoryStore() })
    const job = await runtime.start(definition, { file })
    t.deepEqual(await job.result(), [`${job.pid}:agent:first`, `${job.pid}:agent:second`])
    t.is(readFileSync(file, 'utf8'), 'first\nsecond\n')
    await runtime.close()
  })
