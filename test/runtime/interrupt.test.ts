import test from 'ava'
import { z } from 'zod'
import { defineProcess, typed, type StandardSchemaV1 } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'

const report = (interrupt: true | z.ZodType = true) =>
  defineProcess({ name: 'report', input: typed<any>() })
    .step('review', ({ data }) => data, { interrupt: interrupt as true })
    .step('after', ({ data }): unknown => data)

async function paused(output: unknown, interrupt: true | z.ZodType = true) {
  const definition = report(interrupt)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, output)
  const info = await runtime.until(job.pid, 'interrupted')
  return { runtime, job, info }
}

test('the output can be read while the process is interrupted', async t => {
  const { info, runtime, job } = await paused({ pages: 3 })
  t.deepEqual(info.output, { pages: 3 })
  t.is(info.steps[0]?.status, 'interrupted')
  t.is(info.steps[1]?.status, 'pending')
  await runtime.clock.advance('30d')
  t.is((await runtime.get(job.pid))?.status, 'interrupted')
  await job.proceed()
  t.deepEqual(await job.result(), { pages: 3 })
  t.is((await runtime.get(job.pid))?.steps[0]?.status, 'finished')
})

const MERGES: [what: string, output: unknown, given: unknown, result: unknown][] = [
  [
    'an object is spread into an object',
    { a: 1, deep: { x: 1 } },
    { b: 2, deep: { y: 2 } },
    { a: 1, b: 2, deep: { y: 2 } },
  ],
  ['an array replaces an object', { a: 1 }, [1, 2], [1, 2]],
  ['an object replaces an array', [1, 2], { a: 1 }, { a: 1 }],
  ['an object replaces a word', 'word', { a: 1 }, { a: 1 }],
  ['an object replaces null', null, { a: 1 }, { a: 1 }],
  ['a word replaces an object', { a: 1 }, 'word', 'word'],
  ['null replaces an object', { a: 1 }, null, null],
  ['false replaces an object', { a: 1 }, false, false],
  ['nothing keeps an object', { a: 1 }, undefined, { a: 1 }],
  ['an empty object keeps an object', { a: 1 }, {}, { a: 1 }],
]
for (const [what, output, given, result] of MERGES)
  test(`proceed: ${what}`, async t => {
    const { job } = await paused(output)
    await job.proceed(given)
    t.deepEqual(await job.result(), result)
  })

test('what was given to proceed is copied', async t => {
  const { job, runtime } = await paused({})
  const given = { list: [1] }
  const proceeding = job.proceed(given)
  given.list.push(2)
  await proceeding
  t.deepEqual(await job.result(), { list: [1] })
  t.deepEqual((await runtime.get(job.pid))?.output, { list: [1] })
})

test('a schema checks and parses the data; what does not fit leaves the process interrupted', async t => {
  const { job, runtime, info } = await paused({ a: 1 }, z.object({ approved: z.boolean(), by: z.string().trim() }))
  for (const wrong of [undefined, null, 'yes', { approved: 'yes', by: 'x' }])
    await t.throwsAsync(job.proceed(wrong), { code: 'ERR_INVALID_INPUT', message: new RegExp(`review.*${job.pid}`) })
  const still = await runtime.get(job.pid)
  t.is(still?.status, 'interrupted')
  t.is(still?.revision, info.revision)
  await runtime.proceed(job.pid, { approved: true, by: ' me ', more: 1 })
  t.deepEqual(await job.result(), { a: 1, approved: true, by: 'me' })
})

test('an interrupt without work takes a schema too', async t => {
  const definition = defineProcess({ name: 'sign' }).interrupt('sign-off', { schema: z.object({ by: z.string() }) })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, 'interrupted')
  await t.throwsAsync(job.proceed({ by: 1 } as never), { code: 'ERR_INVALID_INPUT' })
  await job.proceed({ by: 'me' })
  t.deepEqual(await job.result(), { by: 'me' })
})

test('only an interrupted process can proceed', async t => {
  const definition = defineProcess({ name: 'never' }).sleep('nap', '1h')
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await t.throwsAsync(job.proceed(), { code: 'ERR_NOT_INTERRUPTED', message: new RegExp(job.pid) })
  await settled()
  await runtime.clock.advance('1h')
  await job.result()
  await t.throwsAsync(runtime.proceed(job.pid), { code: 'ERR_ALREADY_ENDED' })
  await t.throwsAsync(job.proceed(), { code: 'ERR_ALREADY_ENDED' })
  await t.throwsAsync(runtime.proceed('0'.repeat(20)), { code: 'ERR_UNKNOWN_PROCESS' })
})

test('of two that proceed at once one wins, also while a schema thinks', async t => {
  for (const schema of [true, z.object({ by: z.string() }).refine(async () => true)] as const) {
    const { job } = await paused({}, schema)
    const results = await Promise.allSettled([job.proceed({ by: 'one' }), job.proceed({ by: 'two' })])
    t.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    const lost = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    t.is(lost.reason.code, 'ERR_NOT_INTERRUPTED')
    const won = results[0]?.status === 'fulfilled' ? 'one' : 'two'
    t.deepEqual(await job.result(), { by: won })
  }
})

test('an interrupt that nobody ends in time ends in error', async t => {
  const definition = defineProcess({ name: 'waits' })
    .step('s', () => 1)
    .interrupt('sign-off', { timeout: '7d' })
  const runtime = await createTestRuntime({ processes: [definition], retention: false })
  const job = await runtime.start(definition)
  const info = await runtime.until(job.pid, 'interrupted')
  t.is(info.steps[1]?.until, new Date(runtime.clock.now() + 7 * 86_400_000).toISOString())
  await runtime.clock.advance('7d')
  const error = await t.throwsAsync(job.result(), { code: 'ERR_STEP_TIMEOUT', message: /sign-off/ })
  t.like(error, { step: 'sign-off' })
  t.is((await runtime.get(job.pid))?.status, 'error')
  await t.throwsAsync(job.proceed(), { code: 'ERR_ALREADY_ENDED' })
})

test('an answer whose pause is over by the time it is checked answers no other', async t => {
  const [asked, held] = [gate(), gate()]
  const schema: StandardSchemaV1<string, string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async value => {
        if (value === 'slow') {
          asked.open()
          await held.promise
        }
        return { value: value as string }
      },
    },
  }
  const definition = defineProcess({ name: 'pauses' }).interrupt('first', { schema }).interrupt('second')
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, 'interrupted')
  const slow = job.proceed('slow')
  await asked.promise
  t.is(await job.proceed('fast'), 'taken')
  held.open()
  await t.throwsAsync(slow, { code: 'ERR_NOT_INTERRUPTED' })
  t.like(await runtime.get(job.pid), { status: 'interrupted', output: 'fast' })
  await runtime.close()
})

test('a pause that nobody ends continues with its data when its time is over', async t => {
  const definition = defineProcess({ name: 'asks', input: typed<{ n: number }>() })
    .interrupt('sign-off', {
      timeout: '7d',
      onTimeout: 'continue',
      data: { by: 'nobody' },
      schema: typed<{ by: string }>(),
    })
    .step('after', ({ data }) => `${data.n} ${data.by}`)
    .interrupt('again', { timeout: '1d', onTimeout: 'continue' })
  const runtime = await createTestRuntime({ processes: [definition] })
  const late = await runtime.start(definition, { n: 1 })
  const answered = await runtime.start(definition, { n: 2 })
  for (const { pid } of [late, answered]) await runtime.until(pid, 'interrupted')
  await answered.proceed({ by: 'ada' })
  await runtime.clock.advance('7d')
  await runtime.until(late.pid, ({ steps }) => steps[2]?.status === 'interrupted')
  await runtime.clock.advance('1d')
  t.is(await late.result(), '1 nobody')
  t.is(await answered.result(), '2 ada')
  t.true((await runtime.history(late.pid)).some(({ event }) => event.type === 'TIMEOUT' && event.step === 'sign-off'))
  await runtime.close()
})

test('how a pause continues has to make sense', t => {
  const begun = defineProcess({ name: 'asks' })
  const refused = (options: object, message: RegExp) =>
    t.throws(() => begun.interrupt('sign-off', options as never), { instanceOf: TypeError, message })
  refused({ onTimeout: 'continue' }, /without a timeout/)
  refused({ onTimeout: 'continue', timeout: 1, schema: typed() }, /has a schema/)
  refused({ timeout: 1, data: 1 }, /does not continue/)
  refused({ timeout: 1, onTimeout: 'continue', data: () => 1 }, /data of interrupt 'sign-off' must be JSON/)
  refused({ timeout: 1, onTimeout: 'wait' }, /onTimeout of interrupt/)
})
