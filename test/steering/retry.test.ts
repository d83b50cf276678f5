import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient, typed, type Store } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'

const STORES: Readonly<Record<string, (t: ExecutionContext) => Promise<Store>>> = {
  memory: async () => memoryStore(),
  lowdb: async t => lowdbStore(join(await tempDir(t), 'store')),
  sqlite: async t => sqliteStore(join(await tempDir(t), 'store.sqlite')),
}

/** A definition whose second step fails until it is repaired. */
function breakable() {
  let isBroken = true
  const collected: string[] = []
  const definition = defineProcess({ name: 'backup', input: typed<string>() })
    .step('collect', ({ data }) => {
      collected.push(data)
      return data.toUpperCase()
    })
    .step('store', ({ data }) => {
      if (isBroken) throw new Error('The disk is full')
      return data
    })
  return { definition, collected, repair: () => (isBroken = false) }
}
const asking = defineProcess({ name: 'asking' }).interrupt('ask')

const pidsOf = async (items: AsyncIterable<{ pid: string }>): Promise<string[]> =>
  (await Array.fromAsync(items)).map(({ pid }) => pid)

for (const [kind, make] of Object.entries(STORES)) {
  test(`${kind}: a retry begins with the step that failed, once, and the two know of each other`, async t => {
    const store = await make(t)
    const { definition, collected, repair } = breakable()
    const runtime = await createRuntime({ processes: [definition, asking], store })
    t.teardown(() => runtime.close())
    const job = await runtime.start(definition, 'a', { key: 'a', labels: { user: 'ada' } })
    await t.throwsAsync(job.result())
    const other = await runtime.start(definition, 'b')
    await t.throwsAsync(other.result())
    repair()
    const [again, same] = await Promise.all([runtime.retry(job.pid), openClient(store).retry(job.pid)])
    t.is(same, again)
    t.is(await runtime.result(again), 'A')
    t.is(await runtime.retry(job.pid), again)
    t.deepEqual(collected, ['a', 'b'])
    t.like(await runtime.get(again), {
      retryOf: job.pid,
      forkedFrom: { pid: job.pid, step: 'store' },
      labels: { user: 'ada' },
    })
    t.like(await runtime.get(job.pid), { status: 'error', retriedBy: again })
    t.like((await Array.fromAsync(runtime.watch(job.pid))).at(-1), { retriedBy: again })
    t.deepEqual(await pidsOf(runtime.list({ status: ['error', 'timeout'], retried: false })), [other.pid])
    t.deepEqual(await pidsOf(runtime.list({ retried: true })), [job.pid])

    await t.throwsAsync(runtime.retry(again), { code: 'ERR_NOT_FAILED' })
    const paused = await runtime.start(asking)
    await t.throwsAsync(runtime.retry(paused.pid), { code: 'ERR_NOT_ENDED' })
    await t.throwsAsync(runtime.retry('aou70wpeao0dna1nhixf'), { code: 'ERR_UNKNOWN_PROCESS' })
    await paused.cancel()
    t.like(await runtime.get(await runtime.retry(paused.pid)), { retryOf: paused.pid })
    // The key is free again with its process.
    await runtime.delete(again)
    t.false('retriedBy' in (await runtime.get(job.pid))!)
    t.not(await runtime.retry(job.pid), again)
  })

  test(`${kind}: all that fit are retried, cancelled, deleted, with progress`, async t => {
    const store = await make(t)
    const { definition, repair } = breakable()
    const runtime = await createRuntime({ processes: [definition, asking], store })
    t.teardown(() => runtime.close())
    const client = openClient(store)
    const failed: string[] = []
    for (let n = 0; n < 40; n++) {
      const job = await runtime.start(definition, `${n}`, { labels: { half: n < 20 ? 'first' : 'second' } })
      await t.throwsAsync(job.result())
      failed.push(job.pid)
    }
    const half = { status: 'error', labels: { half: 'first' } } as const
    const dry = await Array.fromAsync(client.retryAll(half, { dryRun: true }))
    t.deepEqual(dry[19], {
      pid: failed.slice(0, 20).toSorted()[19]!,
      name: 'backup',
      status: 'error',
      done: 20,
      total: 20,
    })
    t.is((await pidsOf(client.list({ retried: true }))).length, 0)
    repair()

    // Interrupted and called again: each once.
    const stop = new AbortController()
    const retrying = client.retryAll({ error: 'DISK is full' }, { signal: stop.signal })
    await t.throwsAsync(
      async () => {
        for await (const { done, total, outcome } of retrying) {
          t.deepEqual([total, outcome], [40, 'retried'])
          if (done === 20) stop.abort(new Error('enough'))
        }
      },
      { message: 'enough' },
    )
    const rest = await Array.fromAsync(client.retryAll({}))
    t.true(rest.length > 0 && rest.length < 40)
    t.deepEqual(
      rest.map(({ pid }) => pid),
      failed.toSorted().slice(-rest.length),
    )
    const retries = await pidsOf(client.list({ name: 'backup', status: ['pending', 'running', 'finished'] }))
    t.is(retries.length, 40)
    for (const pid of retries) await client.result(pid)
    t.deepEqual(await Array.fromAsync(client.retryAll({})), [])

    const paused = await Promise.all(Array.from({ length: 20 }, () => runtime.start(asking)))
    const cancelled = await Array.fromAsync(client.cancelAll({ name: 'asking' }, { reason: 'no longer wanted' }))
    t.deepEqual(cancelled.map(({ pid }) => pid).toSorted(), paused.map(({ pid }) => pid).toSorted())
    t.true(cancelled.every(({ outcome }) => outcome === 'taken'))
    await t.throwsAsync(client.result(paused[0]!.pid), { message: /no longer wanted/ })

    t.is((await Array.fromAsync(client.deleteAll({ before: new Date(0) }))).length, 0)
    t.is((await Array.fromAsync(client.deleteAll({ since: new Date(0), status: 'error' }))).length, 40)
    t.like(await runtime.counts(), { error: 0, finished: 40, cancelled: 20 })
  })
}

test('a process that failed before its first step is retried anew; a child is left to its parent', async t => {
  const child = defineProcess({ name: 'child' }).step('fail', () => {
    throw new Error('no')
  })
  const parent = defineProcess({ name: 'parent' }).process('sub', child)
  const strict = defineProcess({ name: 'strict', input: (await import('zod')).z.number() }).step(
    'work',
    ({ data }) => data,
  )
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [parent, child, strict], store, worker: true })
  t.teardown(() => runtime.close())
  await t.throwsAsync((await runtime.start(parent)).result())
  const pid = await runtime.submit('strict', 'seven', { labels: { a: 'b' } })
  await t.throwsAsync(runtime.result(pid), { code: 'ERR_INVALID_INPUT' })
  const again = await runtime.retry(pid)
  await t.throwsAsync(runtime.result(again), { code: 'ERR_INVALID_INPUT' })
  t.like(await runtime.get(again), { retryOf: pid, labels: { a: 'b' }, input: 'seven' })
  const todo = await Array.fromAsync(runtime.retryAll({}, { dryRun: true }))
  t.deepEqual(
    todo.map(({ name, pid: one }) => [name, one === pid]),
    [
      ['parent', false],
      ['strict', false],
    ],
  )
})

test('wrong queries are refused by name', t => {
  const client = openClient(memoryStore())
  t.throws(() => client.retryAll({ status: 'finished' }), { instanceOf: TypeError, message: /status of retryAll\(\)/ })
  t.throws(() => client.cancelAll({ status: ['running', 'error'] }), { instanceOf: TypeError, message: /'error'/ })
  t.throws(() => client.deleteAll({ since: 7 } as never), { instanceOf: TypeError, message: /since/ })
  t.throws(() => client.deleteAll(undefined as never), { instanceOf: TypeError })
  t.throws(() => client.deleteAll({}, { dry: true } as never), { instanceOf: TypeError, message: /'dry'/ })
})
