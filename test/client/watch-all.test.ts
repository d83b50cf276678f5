import test from 'ava'
import { createRuntime, defineProcess, openClient, StepwrightError, type RuntimeEvents } from '../../src/index.ts'
import type { ListQuery, Store } from '../../src/store/store.ts'
import { memoryStore } from '../../src/testing/index.ts'

const quick = defineProcess({ name: 'quick' }).step('s', ({ input }) => input as null)
const waits = defineProcess({ name: 'waits' }).interrupt('ask')

test('watchAll tells of every process that fits, to its end', async t => {
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [quick, waits], store })
  t.teardown(() => runtime.close())
  const client = openClient(store)
  const old = await runtime.start(waits, undefined, { labels: { a: '1' } })
  for await (const { status } of old === undefined ? [] : runtime.watch(old.pid)) if (status === 'interrupted') break
  const stop = new AbortController()
  const seen: string[] = []
  for await (const { pid, status } of client.watchAll({ signal: stop.signal })) {
    seen.push(`${pid === old.pid ? 'old' : 'new'} ${status}`)
    if (seen.length === 1) await (await runtime.start(quick)).result()
    if (status === 'finished' && pid !== old.pid) await old.proceed()
    if (status === 'finished' && pid === old.pid) stop.abort()
  }
  t.deepEqual(seen, ['old interrupted', 'new finished', 'old finished'])
  const wrong = client.watchAll({ filter: { status: 'running' } as never })
  await t.throwsAsync(async () => wrong[Symbol.asyncIterator]().next(), { instanceOf: TypeError })
})

test('watchAll goes on past a journal that is corrupt', async t => {
  const inner = memoryStore()
  const corrupt = new Set<string>()
  const store = Object.assign(Object.create(inner) as Store, {
    changes: (signal?: AbortSignal) => inner.changes(signal),
    async get(pid: string) {
      if (corrupt.has(pid)) throw new StepwrightError('ERR_STORE_CORRUPT', `Process ${pid} cannot be read`)
      return inner.get(pid)
    },
    list: (query?: ListQuery) => inner.list(query),
  })
  const runtime = await createRuntime({ processes: [waits, quick], store: inner })
  t.teardown(() => runtime.close())
  const stop = new AbortController()
  const { pid } = await runtime.start(waits)
  corrupt.add(pid)
  const seen: string[] = []
  for await (const info of openClient(store).watchAll({ signal: stop.signal, filter: { name: 'waits' } })) {
    seen.push(info.status)
    if (seen.length > 1) stop.abort()
    else {
      await runtime.proceed(pid)
      await (await runtime.start(quick)).result()
      const next = await runtime.start(waits)
      for await (const { status } of runtime.watch(next.pid)) if (status === 'interrupted') break
    }
  }
  t.deepEqual(seen, ['interrupted', 'interrupted'])
})

test('a runtime tells of its processes, its takeovers and its store', async t => {
  const store = memoryStore()
  const logged: string[] = []
  const log = (level: string) => (_: object, message: string) => void logged.push(`${level} ${message}`)
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  const first = await createRuntime({ processes: [waits], store, logger })
  const { pid } = await first.start(waits)
  for await (const { status } of first.watch(pid)) if (status === 'interrupted') break
  const hosts: RuntimeEvents['host'][] = []
  first.on('host', event => hosts.push(event))
  await first.close()
  t.deepEqual(hosts, [{ type: 'closed' }])
  const second = await createRuntime({ processes: [waits], store, logger })
  t.teardown(() => second.close())
  t.true(logged.some(line => /^info .* goes on with 1 processes/.test(line)))
  const statuses: string[] = []
  const stop = second.on('process', ({ status }) => {
    statuses.push(status)
    throw new Error('a listener that throws')
  })
  await second.proceed(pid)
  t.deepEqual(statuses, ['finished'])
  stop()
  t.throws(() => second.on('proces' as never, () => {}), {
    instanceOf: TypeError,
    message: /name of on\(\) must be one of process, host, .*received 'proces'/,
  })
  t.throws(() => second.on('host', 'no' as never), { instanceOf: TypeError })
  await t.throwsAsync(createRuntime({ processes: [], store, logger: console.log as never }), {
    instanceOf: TypeError,
    message: /logger/,
  })
})
