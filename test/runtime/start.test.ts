import test from 'ava'
import { z } from 'zod'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'

test('data flows from step to step, the input stays', async t => {
  const sum = defineProcess({ name: 'sum', input: typed<{ a: number; b: number }>() })
    .step('add', ({ data }) => ({ total: data.a + data.b }))
    .step('double', ({ data, input }) => ({ total: data.total * 2, from: [input.a, input.b] }))
  const runtime = await createTestRuntime({ processes: [sum] })
  const job = await runtime.start(sum, { a: 1, b: 2 })
  t.deepEqual(await job.result(), { total: 6, from: [1, 2] })
  const info = await runtime.get(job.pid)
  t.is(info?.status, 'finished')
  t.deepEqual(info?.input, { a: 1, b: 2 })
  t.deepEqual(info?.output, { total: 6, from: [1, 2] })
  t.deepEqual(
    info?.steps.map(({ name, status, attempt }) => [name, status, attempt]),
    [
      ['add', 'finished', 1],
      ['double', 'finished', 1],
    ],
  )
})

test('the input is what the schema makes of it', async t => {
  const definition = defineProcess({
    name: 'parsed',
    input: z.object({ n: z.coerce.number(), tag: z.string().default('none') }),
  }).step('show', ({ data, input }) => ({ data, input }))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { n: '7', extra: true } as never)
  t.deepEqual(await job.result(), { data: { n: 7, tag: 'none' }, input: { n: 7, tag: 'none' } })
  t.deepEqual((await runtime.get(job.pid))?.input, { n: 7, tag: 'none' })
})

test('an invalid input is refused with a code and leaves nothing behind', async t => {
  const definition = defineProcess({ name: 'strict', input: z.object({ pages: z.array(z.number()) }) }).step(
    's',
    () => 1,
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const error = await t.throwsAsync(runtime.start(definition, { pages: [1, 'x'] } as never), {
    code: 'ERR_INVALID_INPUT',
  })
  t.regex(error.message, /strict/)
  t.regex(error.message, /pages\[1\]/)
  t.deepEqual(await Array.fromAsync(runtime.list()), [])
})

test('undefined becomes null, in inputs and outputs; undefined properties are dropped', async t => {
  const seen: unknown[] = []
  const definition = defineProcess({ name: 'nothing' })
    .step('first', ({ data, input }) => void seen.push(data, input))
    .step('second', ({ data }) => ({ was: data, gone: undefined }))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  t.deepEqual(await job.result(), { was: null } as never)
  t.deepEqual(seen, [null, null])
})

test('each attempt has its own copy of data and input', async t => {
  type Input = { list: number[]; deep: { n: number } }
  const seen: unknown[] = []
  const definition = defineProcess({ name: 'copies', input: typed<Input>() })
    .step(
      'mutate',
      ({ data, input, attempt }) => {
        seen.push(structuredClone({ data, input }))
        data.list.push(99)
        data.deep.n = -1
        input.deep.n = -2
        if (attempt < 3) throw new Error('again')
        return input.list
      },
      { retry: { attempts: 3, delay: 0 } },
    )
    .step('look', ({ data, input }) => ({ data, input }))
  const runtime = await createTestRuntime({ processes: [definition] })
  const given = { list: [1], deep: { n: 1 } }
  const job = await runtime.start(definition, given)
  given.list.push(5)
  await runtime.clock.advance(1)
  await runtime.clock.advance(1)
  const result = await job.result()
  t.deepEqual(result, { data: [1], input: { list: [1], deep: { n: 1 } } })
  t.deepEqual(
    seen,
    Array.from({ length: 3 }, () => ({ data: { list: [1], deep: { n: 1 } }, input: { list: [1], deep: { n: 1 } } })),
  )
})

test("what is done to a result or to a subscriber's info reaches nobody", async t => {
  const definition = defineProcess({ name: 'shared', input: typed<{ secret?: string }>() })
    .step('one', ({ data }) => ({ kept: data.secret ?? 'lost' }), { interrupt: true })
    .step('two', ({ data, input }) => ({ data, input }))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { secret: 's' })
  const told: unknown[] = []
  job.subscribe(info => {
    delete (info.input as { secret?: string }).secret
    if (info.output) (info.output as { kept: string }).kept = 'changed'
  })
  job.subscribe(info => void told.push(structuredClone({ ...info }.input)))
  await runtime.until(job.pid, 'interrupted')
  await job.proceed()
  const result = await job.result()
  t.deepEqual(result, { data: { kept: 's' }, input: { secret: 's' } })
  t.true(told.length > 0)
  for (const input of told) t.deepEqual(input, { secret: 's' })
  ;(result.data as { kept: string }).kept = 'mine'
  t.deepEqual(await job.result(), { data: { kept: 's' }, input: { secret: 's' } })
})

test('a step that is not wanted is skipped, and the data goes on', async t => {
  const ran: string[] = []
  const definition = defineProcess({ name: 'choosy', input: typed<{ n: number }>() })
    .step('one', ({ data }) => ({ n: data.n + 1 }))
    .step('never', ({ data }) => (ran.push('never'), { n: data.n * 100 }), { when: ({ data }) => (data.n = 7) > 100 })
    .step('two', ({ data }) => ({ n: data.n + 1 }))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { n: 1 })
  t.deepEqual(await job.result(), { n: 3 })
  t.deepEqual(ran, [])
  t.deepEqual(
    (await runtime.get(job.pid))?.steps.map(({ status }) => status),
    ['finished', 'skipped', 'finished'],
  )
})

test('a step may be an object spec, made anew for each attempt', async t => {
  let made = 0
  class Greeter {
    readonly #words: { hello: string }
    readonly #mark: string
    constructor(words: { hello: string }, mark: string) {
      made += 1
      this.#words = words
      this.#mark = mark
    }
    execute(data: { name: string }, { attempt }: { attempt: number }) {
      if (attempt === 1) throw new Error('not yet')
      return `${this.#words.hello} ${data.name}${this.#mark}`
    }
  }
  const definition = defineProcess({ name: 'greet', input: typed<{ name: string }>() }).step(
    'greet',
    { class: Greeter, services: ['words'], args: ['!'] },
    { retry: { attempts: 2, delay: 0 } },
  )
  const runtime = await createTestRuntime({ processes: [definition], services: { words: { hello: 'Hi' } } })
  const job = await runtime.start(definition, { name: 'Ann' })
  await runtime.clock.advance(1)
  t.is(await job.result(), 'Hi Ann!')
  t.is(made, 2)
})

test('labels and times are on record; several versions of a name run side by side', async t => {
  const v1 = defineProcess({ name: 'versions', version: '1' }).step('s', () => 'one')
  const v2 = defineProcess({ name: 'versions', version: '2' }).step('s', () => 'two')
  const runtime = await createTestRuntime({ processes: [v1, v2] })
  const old = await runtime.start(v1, undefined, { labels: { tenant: 'a' } })
  const fresh = await runtime.start(v2, undefined, { labels: { tenant: 'b' } })
  t.deepEqual([await old.result(), await fresh.result()], ['one', 'two'])
  const info = await runtime.get(old.pid)
  t.deepEqual(info?.labels, { tenant: 'a' })
  t.is(info?.version, '1')
  t.is(info?.createdAt, new Date(runtime.clock.now()).toISOString())
  t.deepEqual(
    (await Array.fromAsync(runtime.list({ labels: { tenant: 'b' } }))).map(({ pid }) => pid),
    [fresh.pid],
  )
})
