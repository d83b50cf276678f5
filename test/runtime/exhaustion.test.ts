import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient, typed, type Store } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { tempDir } from '../temp-dir.ts'

const MIB = 1024 * 1024

/**
 * Watches what `work` costs. CPU time instead of wall time: other programs on this machine do not
 * count.
 */
async function measure(
  work: () => Promise<void>,
): Promise<{ readonly longestTurnMs: number; readonly grownBytes: number }> {
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  let [longestTurnMs, highest, isOver] = [0, 0, false]
  const before = process.memoryUsage.rss()
  let since = cpuMs()
  const turn = (): void => {
    const now = cpuMs()
    longestTurnMs = Math.max(longestTurnMs, now - since)
    highest = Math.max(highest, process.memoryUsage.rss())
    since = now
    if (!isOver) setTimeout(turn, 5)
  }
  turn()
  await work()
  isOver = true
  turn()
  return { longestTurnMs: Math.round(longestTurnMs), grownBytes: highest - before }
}

async function stays(
  t: ExecutionContext,
  limits: { readonly turnMs: number; readonly bytes: number },
  work: () => Promise<void>,
) {
  const { longestTurnMs, grownBytes } = await measure(work)
  t.log(`longest turn ${longestTurnMs} ms, ${Math.round(grownBytes / MIB)} MiB more`)
  t.true(longestTurnMs < limits.turnMs, `the event loop was held up for ${longestTurnMs} ms`)
  t.true(grownBytes < limits.bytes, `${Math.round(grownBytes / MIB)} MiB more`)
}

const STORES: Record<string, (dir: string) => Store> = {
  lowdb: dir => lowdbStore(join(dir, 'store')),
  sqlite: dir => sqliteStore(join(dir, 'store.sqlite')),
}

for (const [name, make] of Object.entries(STORES)) {
  test.serial(`${name}: a list of 100,000 items`, async t => {
    const definition = defineProcess({ name: 'large' })
      .step('list', () => Array.from({ length: 100_000 }, (_, index) => index))
      .each(
        'double',
        ({ data }) => data,
        ({ data }) => 2 * data,
        { concurrency: 100 },
      )
      .step('last', ({ data }) => [data.length, data.at(-1)])
    const runtime = await createRuntime({ processes: [definition], store: make(await tempDir(t)) })
    t.teardown(() => runtime.close())
    await stays(t, { turnMs: 2_000, bytes: 400 * MIB }, async () => {
      t.deepEqual(await (await runtime.start(definition)).result(), [100_000, 199_998])
    })
  })

  test.serial(`${name}: 10,000 watchers of one process, here and elsewhere`, async t => {
    const dir = await tempDir(t)
    const definition = defineProcess({ name: 'watched' })
      .interrupt('ask')
      .step('done', () => 1)
    const runtime = await createRuntime({ processes: [definition], store: make(dir) })
    t.teardown(() => runtime.close())
    const client = openClient(make(dir))
    const job = await runtime.start(definition)
    await stays(t, { turnMs: 3_000, bytes: 600 * MIB }, async () => {
      const ends = Array.from({ length: 5_000 }, () => [
        new Promise<void>(resolve => job.subscribe(({ status }) => status === 'finished' && resolve())),
        client.result(job.pid),
      ]).flat()
      await job.proceed()
      t.is((await Promise.all(ends)).length, 10_000)
    })
    await client.close()
  })

  test.serial(`${name}: a flood of progress and logs is thinned out`, async t => {
    const definition = defineProcess({ name: 'flood' }).step('shout', async ({ log, progress }) => {
      for (let n = 0; n < 200_000; n++) {
        progress(n, 200_000, `number ${n}`)
        if (n % 20 === 0) log(`number ${n}`, { n })
        if (n % 1_000 === 0) await new Promise(setImmediate)
      }
    })
    const runtime = await createRuntime({ processes: [definition], store: make(await tempDir(t)) })
    t.teardown(() => runtime.close())
    await stays(t, { turnMs: 2_000, bytes: 300 * MIB }, async () => {
      const { pid } = await runtime.start(definition)
      t.is(await runtime.result(pid), null)
      const logged = await Array.fromAsync(runtime.logs(pid))
      t.true(logged.length > 1_000 && logged.length <= 10_000)
      t.is(logged.at(-1)?.message, 'number 199980')
      t.true((await runtime.history(pid)).length < 2_000)
    })
  })

  test.serial(`${name}: 1,000 processes that wait`, async t => {
    const asks = defineProcess({ name: 'asks' })
      .interrupt('ask')
      .step('done', () => 1)
    const sleeps = defineProcess({ name: 'sleeps' }).sleep('nap', '1h')
    const runtime = await createRuntime({ processes: [asks, sleeps], store: make(await tempDir(t)) })
    t.teardown(() => runtime.close())
    await stays(t, { turnMs: 1_000, bytes: 200 * MIB }, async () => {
      const waiting = await Promise.all(
        Array.from({ length: 500 }, async () => [await runtime.start(asks), await runtime.start(sleeps)] as const),
      )
      for (const [asking, sleeping] of waiting) await Promise.all([asking.proceed(), sleeping.cancel()])
      await Promise.all(waiting.map(([asking]) => asking.result()))
      t.like(await runtime.counts(), { finished: 500, cancelled: 500, sleeping: 0, interrupted: 0 })
    })
  })
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = wrap(value)
  return value
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const trap = (): never => {
  throw new Error('trap')
}
const endless: object = new Proxy(
  {},
  {
    ownKeys: () => ['a'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_, key) => (key === 'a' ? endless : undefined),
  },
)

/**
 * What somebody may hand over as data, and the code of its refusal; without one it is stored as
 * `JSON.stringify` has it.
 */
const HOSTILE: Record<string, { readonly make: () => unknown; readonly code?: string }> = {
  'arrays 100,000 levels deep': { make: () => nested(100_000, inner => [inner]), code: 'ERR_NOT_JSON' },
  'objects 100,000 levels deep': { make: () => nested(100_000, inner => ({ inner })), code: 'ERR_NOT_JSON' },
  'lone surrogates': { make: () => ({ text: '\ud800', '\udfff': ['\udc00'] }) },
  'a proxy of plain data': { make: () => new Proxy({ a: [1] }, {}) },
  'a proxy that throws for everything': {
    make: () => new Proxy({}, new Proxy({}, { get: trap })),
    code: 'ERR_NOT_JSON',
  },
  'a proxy without an end': { make: () => endless, code: 'ERR_NOT_JSON' },
  'a proxy that was revoked': { make: revoked, code: 'ERR_NOT_JSON' },
  'a proxy that says it is long': {
    make: () => new Proxy([], { get: (target, key) => (key === 'length' ? 4e9 : Reflect.get(target, key)) }),
    code: 'ERR_RECORD_TOO_LARGE',
  },
  'a getter that throws': {
    make: () => ({
      get a() {
        return trap()
      },
    }),
    code: 'ERR_NOT_JSON',
  },
  'a sparse array': { make: () => Object.assign([], { 100_000_000: 1 }), code: 'ERR_RECORD_TOO_LARGE' },
}

for (const [what, { make, code }] of Object.entries(HOSTILE))
  test.serial(`hostile data: ${what}`, async t => {
    // In an object: the promise of a step would ask the value itself for `then`.
    const makes = defineProcess({ name: 'makes' }).step('make', () => ({ value: make() }) as { value: any }, {
      retry: 3,
    })
    const takes = defineProcess({ name: 'takes', input: typed<any>() }).step('take', ({ data }) => data)
    const asks = defineProcess({ name: 'asks' }).interrupt('ask')
    const runtime = await createRuntime({
      processes: [makes, takes, asks],
      store: lowdbStore(join(await tempDir(t), 'store')),
    })
    t.teardown(() => runtime.close())
    const asked = await runtime.start(asks)
    for await (const { status } of runtime.watch(asked.pid)) if (status === 'interrupted') break
    const ways: Record<string, () => Promise<unknown>> = {
      output: async () => ((await (await runtime.start(makes)).result()) as { value: unknown }).value,
      input: async () => (await runtime.start(takes, make())).result(),
      submission: async () => runtime.submit('unknown', make()).then(async pid => (await runtime.get(pid))?.input),
      proceeding: async () => asked.proceed(make() as never).then(() => asked.result()),
    }
    for (const [way, go] of Object.entries(ways))
      if (code === undefined) t.deepEqual(await go(), JSON.parse(JSON.stringify(make())), way)
      else await t.throwsAsync(go(), { code }, way)
  })

const HOSTILE_ERRORS: Record<string, () => unknown> = {
  'a chain of 100,000 causes': () => {
    let error: Error | undefined
    for (let n = 0; n < 100_000; n++) error = new Error('link', { cause: error })
    return error
  },
  'its own cause': () => {
    const error = new Error('circle')
    return Object.assign(error, { cause: error })
  },
  'a message of 50 MB': () => new Error('x'.repeat(50_000_000)),
  'a proxy that throws for everything': () => new Proxy(new Error('never seen'), { get: trap, getPrototypeOf: trap }),
  'a proxy that was revoked': revoked,
  'a getter in place of the message': () => ({
    get message() {
      return trap()
    },
  }),
  'data 100,000 levels deep': () => nested(100_000, inner => [inner]),
  nothing: () => undefined,
}

for (const [what, make] of Object.entries(HOSTILE_ERRORS))
  test.serial(`hostile error: ${what}`, async t => {
    const definition = defineProcess({ name: 'fails' }).step('throw', () => {
      throw make()
    })
    const runtime = await createRuntime({ processes: [definition], store: lowdbStore(join(await tempDir(t), 'store')) })
    t.teardown(() => runtime.close())
    const { pid } = await runtime.start(definition)
    await t.throwsAsync(runtime.result(pid), { code: 'ERR_STEP_FAILED' })
    const info = await runtime.get(pid)
    t.is(info?.status, 'error')
    t.true(JSON.stringify(info).length < MIB)
  })
