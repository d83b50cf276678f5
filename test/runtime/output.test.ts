import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { createRuntime, defineProcess, lowdbStore, typed, type Store } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'

const order = defineProcess({ name: 'order', input: typed<{ amount: number }>() })
  .step('charge', ({ data }) => ({ receipt: `r-${data.amount}` }))
  .step('thin', () => 'thin', { when: () => false })
  .each(
    'sizes',
    () => [1, 2],
    async ({ data, output }) => `${data} of ${(await output('charge')).receipt}`,
  )
  .parallel('publish', {
    search: async ({ output }) => (await output('charge')).receipt,
    feed: async ({ output }) => (await output('thin')) ?? 'was skipped',
  })
  .sleep('pause', 0)
  .step('skip', () => 'no', { when: async ({ output }) => (await output('charge')).receipt === 'none' })
  .step('end', async ({ output, once }) => [
    await output('charge'),
    await output('sizes'),
    await output('publish'),
    (await output('skip')) === undefined,
    await once('inside', async () => output('charge')),
  ])

const expected = [
  { receipt: 'r-3' },
  ['1 of r-3', '2 of r-3'],
  { search: 'r-3', feed: 'was skipped' },
  true,
  { receipt: 'r-3' },
]

const STORES: Record<string, (t: ExecutionContext) => Promise<Store>> = {
  memory: async () => memoryStore(),
  lowdb: async t => lowdbStore(await tempDir(t)),
  sqlite: async t => sqliteStore(join(await tempDir(t), 'store.sqlite')),
}

for (const [name, open] of Object.entries(STORES))
  test(`${name}: any later work reads outputs of steps, and so does a fork whose origin is gone`, async t => {
    const runtime = await createRuntime({ processes: [order], store: await open(t), worker: true, retention: false })
    const job = await runtime.start(order, { amount: 3 })
    t.deepEqual((await job.result()) as unknown, expected)
    const fork = await runtime.fork(job.pid, { from: 'end' })
    await runtime.delete(job.pid)
    t.deepEqual(await runtime.result(fork), expected)
    const again = await runtime.fork(fork, { from: 'end' })
    t.deepEqual(await runtime.result(again), expected)
    await runtime.close()
  })

test('run() knows outputs too', async t => {
  t.deepEqual((await order.run({ amount: 3 })) as unknown, expected)
})

test('an output that is not there has a code', async t => {
  const asking = defineProcess({ name: 'asking' }).step('first', async context =>
    (context as { output(step: string): Promise<null> }).output('first'),
  )
  const runtime = await createTestRuntime({ processes: [asking] })
  const expectation = { message: /no output of step .first.: no such step has ended/ }
  await t.throwsAsync((await runtime.start(asking)).result(), expectation)
  await t.throwsAsync(asking.run(), expectation)
})

test('the output of a pause is what proceed made of it', async t => {
  const paused = defineProcess({ name: 'paused' })
    .step('draft', () => ({ text: 'x' }), { interrupt: typed<{ by: string }>() })
    .step('other', () => 1)
    .step('end', async ({ output }) => output('draft'))
  const runtime = await createTestRuntime({ processes: [paused] })
  const job = await runtime.start(paused)
  await runtime.until(job.pid, ({ status }) => status === 'interrupted')
  await job.proceed({ by: 'Ada' })
  t.deepEqual(await job.result(), { text: 'x', by: 'Ada' })
})

test('a fork remembers what its step had done, unless it begins afresh', async t => {
  const done: string[] = []
  let fails = true
  const agent = defineProcess({ name: 'agent' }).step('work', async ({ once }) => {
    const paid = await once('pay', () => done.push('pay'))
    if (fails) throw new Error('after it')
    return paid
  })
  const runtime = await createTestRuntime({ processes: [agent], worker: true })
  const job = await runtime.start(agent)
  await t.throwsAsync(job.result())
  fails = false
  t.is(await runtime.result(await runtime.fork(job.pid)), 1)
  t.is(await runtime.result(await runtime.fork(job.pid, { fresh: true })), 2)
  t.deepEqual(done, ['pay', 'pay'])
  await runtime.close()
})

test('args of a spec may be made of the input, for each process its own', async t => {
  class Greet {
    readonly name: string
    constructor(name: string) {
      this.name = name
    }
    execute() {
      return `hello ${this.name}`
    }
  }
  const greet = defineProcess({ name: 'greet', input: typed<{ name: string }>() }).step('greet', {
    class: Greet,
    args: ({ input }: { input: { name: string } }) => [input.name],
  })
  const runtime = await createTestRuntime({ processes: [greet] })
  const jobs = await Promise.all(['Ada', 'Grace'].map(name => runtime.start(greet, { name })))
  t.deepEqual(await Promise.all(jobs.map(job => job.result())), ['hello Ada', 'hello Grace'])
  const wrong = defineProcess({ name: 'wrong' }).step('greet', {
    class: Greet,
    args: (() => 'Ada') as unknown as () => [string],
  })
  await t.throwsAsync(wrong.run(), { message: /args of step 'greet' must be an array; received 'Ada'/ })
})

test('the path of a branch gives its output, also by the last branch that ended', async t => {
  const definition = defineProcess({ name: 'branches', input: typed<{ amount: number }>() })
    .parallel('publish', { search: () => 'found', mail: () => 'sent' })
    .step('end', ({ output }) => Promise.all(['publish.search', 'publish.mail'].map(path => output(path as 'publish'))))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { amount: 1 })
  t.deepEqual((await job.result()) as unknown, ['found', 'sent'])
  await runtime.close()
})
