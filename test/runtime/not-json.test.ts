import test from 'ava'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'

const cycle: Record<string, unknown> = { name: 'me' }
cycle['self'] = cycle

const KINDS: Record<string, unknown> = {
  map: new Map(),
  set: new Set(),
  date: new Date(0),
  nan: Number.NaN,
  infinity: Infinity,
  bigint: 1n,
  function: () => 1,
  symbol: Symbol('s'),
  instance: new (class Custom {
    a = 1
  })(),
  cycle,
  buffer: Buffer.from('x'),
  regexp: /x/,
  error: new Error('x'),
  promise: Promise.resolve(1),
  proxy: new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('trap')
      },
    },
  ),
}

for (const [kind, value] of Object.entries(KINDS)) {
  test(`an output that holds ${kind} fails its step with the path and is not tried again`, async t => {
    const definition = defineProcess({ name: 'bad-output' }).step(
      'make',
      (): any => ({ pages: [1, 2, { date: value }] }),
      { retry: 5 },
    )
    const runtime = await createTestRuntime({ processes: [definition] })
    const job = await runtime.start(definition)
    const error = await t.throwsAsync(job.result(), { code: 'ERR_NOT_JSON' })
    t.regex(error.message, /\$\.pages\[2\]\.date/)
    const info = await runtime.get(job.pid)
    t.is(info?.error?.code, 'ERR_NOT_JSON')
    t.is(info?.error?.step, 'make')
    t.is(info?.error?.attempt, 1)
  })

  test(`an input that holds ${kind} is refused and leaves nothing behind`, async t => {
    const definition = defineProcess({ name: 'bad-input', input: typed<any>() }).step('s', () => 1)
    const runtime = await createTestRuntime({ processes: [definition] })
    const error = await t.throwsAsync(runtime.start(definition, { pages: [1, 2, { date: value }] }), {
      code: 'ERR_NOT_JSON',
    })
    t.regex(error.message, /\$\.pages\[2\]\.date/)
    t.deepEqual(await Array.fromAsync(runtime.list()), [])
  })
}

test('data that proceeds must be JSON; the process stays interrupted', async t => {
  const definition = defineProcess({ name: 'asks' }).interrupt('ask')
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, 'interrupted')
  await t.throwsAsync(job.proceed({ at: new Date() }), { code: 'ERR_NOT_JSON', message: /\$\.at/ })
  t.is((await runtime.get(job.pid))?.status, 'interrupted')
})

const large = 'x'.repeat(16 * 1024 * 1024 + 1)

test('an input over the limit is refused', async t => {
  const definition = defineProcess({ name: 'large-input', input: typed<string>() }).step('s', () => 1)
  const runtime = await createTestRuntime({ processes: [definition] })
  await t.throwsAsync(runtime.start(definition, large), { code: 'ERR_RECORD_TOO_LARGE', message: /16777216/ })
  t.deepEqual(await Array.fromAsync(runtime.list()), [])
})

test('an output over the limit fails its step', async t => {
  const definition = defineProcess({ name: 'large-output' }).step('make', () => large, { retry: 3 })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await t.throwsAsync(job.result(), { code: 'ERR_RECORD_TOO_LARGE' })
  t.is((await runtime.get(job.pid))?.error?.step, 'make')
})

test('keys that would set a prototype stay data', async t => {
  const given = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')
  const definition = defineProcess({ name: 'proto', input: typed<any>() })
    .step('same', ({ data }) => data, { interrupt: true })
    .step('again', ({ data }): any => data)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, given)
  await runtime.until(job.pid, 'interrupted')
  await job.proceed(JSON.parse('{"__proto__": {"other": 1}}'))
  t.is(JSON.stringify(await job.result()), '{"__proto__":{"other":1},"a":1}')
  t.is(({} as Record<string, unknown>)['polluted'], undefined)
})
