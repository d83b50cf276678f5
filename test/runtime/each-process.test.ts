import test from 'ava'
import { createRuntime, defineProcess, openClient, typed, type ProcessInfo } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { lowdbStore } from '../../src/store/lowdb/lowdb-store.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { makeTempDir } from '../store/helpers.ts'

const double = defineProcess({ name: 'double', input: typed<{ n: number }>() })
  .step('double', ({ data }) => data.n * 2)
  .step('end', ({ data }) => {
    if (data === 4) throw new Error('no fours')
    return data
  })
const batch = defineProcess({ name: 'batch', input: typed<number[]>() })
  .each('double', ({ data }) => data.map(n => ({ n })), double, { concurrency: 2 })
  .step('sum', ({ data }) => data.reduce((sum, n) => sum + n, 0))

const kept = defineProcess({ name: 'kept', input: typed<number[]>() }).each(
  'double',
  ({ data }) => data.map(n => ({ n })),
  double,
  { onFailure: 'keep' },
)

async function all(store: Store, name: string): Promise<ProcessInfo[]> {
  const client = openClient(store)
  return (await Array.fromAsync(client.list({ name }))).toReversed()
}

const STORES = {
  memory: memoryStore,
  lowdb: () => lowdbStore(makeTempDir()),
  sqlite: () => sqliteStore(`${makeTempDir()}/store.sqlite`),
}
for (const [kind, makeStore] of Object.entries(STORES))
  test(`${kind}: each item is a process, in a host with one slot, and is deleted with its parent`, async t => {
    const store = makeStore()
    const runtime = await createRuntime({ processes: [batch, double], store, concurrency: 1 })
    t.teardown(() => runtime.close())
    const job = await runtime.start(batch, [1, 5, 7])
    t.is(await job.result(), 26)
    const children = await all(store, 'double')
    t.deepEqual(
      children
        .map(({ input, output, parent }) => [input as { n: number }, output, parent] as const)
        .toSorted(([a], [b]) => a.n - b.n),
      [1, 5, 7].map(n => [{ n }, n * 2, { pid: job.pid, step: 'double' }]),
    )
    t.like((await runtime.get(job.pid))!.steps[0], {
      status: 'finished',
      children: 3,
      progress: { value: 3, total: 3 },
    })
    t.is(await batch.run([1, 5, 7]), 26)
    await runtime.delete(job.pid)
    t.deepEqual(await all(store, 'double'), [])
  })

test('no more than concurrency are under way at a time', async t => {
  let [now, most] = [0, 0]
  const two = Promise.withResolvers<void>()
  const slow = defineProcess({ name: 'slow', input: typed<number>() }).step('wait', async () => {
    most = Math.max(most, ++now)
    if (now === 2) two.resolve()
    await two.promise
    now -= 1
  })
  const many = defineProcess({ name: 'many' }).each('all', () => [1, 2, 3, 4, 5, 6], slow, { concurrency: 2 })
  const runtime = await createRuntime({ processes: [many, slow], store: memoryStore() })
  t.teardown(() => runtime.close())
  await (await runtime.start(many)).result()
  t.is(most, 2)
})

test('the first that fails ends the parent, and the others are cancelled', async t => {
  const store = memoryStore()
  const waits = defineProcess({ name: 'waits', input: typed<boolean>() })
    .step('check', ({ data }) => {
      if (data) throw new Error('broken')
    })
    .interrupt('wait')
  const parent = defineProcess({ name: 'parent' }).each('all', () => [false, true, false], waits, { concurrency: 2 })
  const runtime = await createRuntime({ processes: [parent, waits], store })
  t.teardown(() => runtime.close())
  const job = await runtime.start(parent)
  await t.throwsAsync(job.result(), { message: /Item 1 of step 'all' failed: .*broken/ })
  for (const { pid, status } of await all(store, 'waits')) {
    t.true(['interrupted', 'error', 'cancelled', 'running'].includes(status))
    await t.throwsAsync(runtime.result(pid))
  }
  t.deepEqual(
    (await all(store, 'waits')).map(({ status }) => status).toSorted((a, b) => (a < b ? -1 : 1)),
    ['cancelled', 'error'],
  )
})

test('failures of processes are kept as those of items, and only they run again', async t => {
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [kept, double], store })
  t.teardown(() => runtime.close())
  const job = await runtime.start(kept, [1, 2])
  const output = await job.result()
  t.deepEqual(output[0], { status: 'fulfilled', value: 2 })
  t.regex(output[1]?.status === 'rejected' ? output[1].error.message : '', /failed in step 'end'.*no fours/)
  t.deepEqual(await kept.run([1, 2]).then(all => all.map(({ status }) => status)), ['fulfilled', 'rejected'])
  const fork = await runtime.fork(job.pid, { failed: true })
  await runtime.result(fork)
  const children = (await all(store, 'double')).filter(({ parent }) => parent?.pid === fork)
  t.deepEqual(
    children.map(({ input }) => input),
    [{ n: 2 }],
  )
})

test('a parent that is cancelled cancels its children', async t => {
  const store = memoryStore()
  const waits = defineProcess({ name: 'waits', input: typed<number>() }).interrupt('wait')
  const parent = defineProcess({ name: 'parent' }).each('all', () => [1, 2, 3], waits)
  const runtime = await createRuntime({ processes: [parent, waits], store })
  t.teardown(() => runtime.close())
  const job = await runtime.start(parent)
  for (;;) {
    const children = await all(store, 'waits')
    if (children.length === 3 && children.every(({ status }) => status === 'interrupted')) break
    await new Promise(setImmediate)
  }
  await job.cancel()
  for (const { pid } of await all(store, 'waits')) await t.throwsAsync(runtime.result(pid), { code: 'ERR_CANCELLED' })
})

test('the next host goes on with the same children', async t => {
  const store = memoryStore()
  const asks = defineProcess({ name: 'asks', input: typed<number>() })
    .interrupt('ask', { schema: typed<number>() })
    .step('answer', ({ data }) => data)
  const parent = defineProcess({ name: 'parent' }).each('all', () => [1, 2, 3], asks, { concurrency: 2 })
  const first = await createRuntime({ processes: [parent, asks], store })
  const { pid } = await first.start(parent)
  const waiting = async (count: number): Promise<ProcessInfo[]> => {
    for (;;) {
      const found = (await all(store, 'asks')).filter(({ status }) => status === 'interrupted')
      if (found.length === count) return found
      await new Promise(setImmediate)
    }
  }
  const [one] = await waiting(2)
  await first.proceed(one!.pid, (one!.input as number) * 10)
  await waiting(2)
  t.is((await all(store, 'asks')).length, 3)
  await first.close()
  const second = await createRuntime({ processes: [parent, asks], store })
  t.teardown(() => second.close())
  for (const child of await waiting(2)) await second.proceed(child.pid, (child.input as number) * 10)
  t.deepEqual(await second.result(pid), [10, 20, 30])
  t.is((await all(store, 'asks')).length, 3)
  t.like((await second.get(pid))!, { recoveries: 0 })
})

test('wrong use: options that a definition has itself, an empty definition, and branches', t => {
  const p = defineProcess({ name: 'p' })
  for (const option of ['timeout', 'retry', 'isolate'])
    t.throws(() => p.each('x', () => [{ n: 1 }], double, { [option]: 3 } as never), {
      instanceOf: TypeError,
      message: new RegExp(`${option} of each step 'x' goes with a function`),
    })
  t.throws(() => p.each('x', () => [1], defineProcess({ name: 'empty' }) as never), { message: /has no steps/ })
  for (const branch of [double, { run: double }])
    t.throws(() => p.parallel('x', { a: branch as never }), { instanceOf: TypeError, message: /branch 'x.a'/ })
  t.throws(() => p.parallel('x', { a: double as never }), { message: /and no definition: that goes with .process\(\)/ })
})

test('the definition of the items need not be given to the runtime', async t => {
  const runtime = await createRuntime({ processes: [batch], store: memoryStore() })
  t.teardown(() => runtime.close())
  t.is(await (await runtime.start(batch, [1])).result(), 2)
})

test('a parent that undoes what it did cancels its children first', async t => {
  const store = memoryStore()
  const undone: string[] = []
  const mixed = defineProcess({ name: 'mixed', input: typed<boolean>() })
    .step('check', ({ data }) => {
      if (data) throw new Error('broken')
    })
    .interrupt('wait')
  const parent = defineProcess({ name: 'parent' })
    .step('book', () => 1, { undo: () => void undone.push('book') })
    .each('all', () => [false, true], mixed, { concurrency: 2 })
  const runtime = await createRuntime({ processes: [parent], store })
  t.teardown(() => runtime.close())
  await t.throwsAsync((await runtime.start(parent)).result(), { message: /broken/ })
  for (const { pid } of await all(store, 'mixed')) await t.throwsAsync(runtime.result(pid))
  t.deepEqual(undone, ['book'])
})
