import test from 'ava'
import { createRuntime, defineProcess, openClient, typed } from '../../src/index.ts'
import type { StreamPart } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { lowdbStore } from '../../src/store/lowdb/lowdb-store.ts'
import { makeTempDir } from '../store/helpers.ts'
import { wrappedStore } from './wrapped-store.ts'

/** What a reader has on its screen: chunks that were written anew take the place of old ones. */
function shown(parts: readonly StreamPart[]): unknown[] {
  let kept: StreamPart[] = []
  for (const part of parts) {
    if (part.reset)
      kept = kept.filter(one => one.step !== part.step || one.item !== part.item || one.once !== part.once)
    else kept.push(part)
  }
  return kept.map(({ chunk }) => chunk)
}

const open = async (definition: Parameters<typeof createRuntime>[0]['processes'][number], store = memoryStore()) =>
  createRuntime({ processes: [definition], store })

test('what a step writes is read in order, with where it comes from, and ends with the process', async t => {
  const poem = defineProcess({ name: 'poem', input: typed<string[]>() })
    .step('write', ({ data, write }) => {
      for (const line of data) write(line)
      write({ lines: data.length })
    })
    .step('sign', ({ write }) => write(null))
  const runtime = await open(poem)
  t.teardown(() => runtime.close())
  const job = await runtime.start(poem, ['one', 'two'])
  const parts = await Array.fromAsync(runtime.stream(job.pid))
  t.deepEqual(parts, [
    { offset: 0, step: 'write', attempt: 1, chunk: 'one' },
    { offset: 1, step: 'write', attempt: 1, chunk: 'two' },
    { offset: 2, step: 'write', attempt: 1, chunk: { lines: 2 } },
    { offset: 3, step: 'sign', attempt: 1, chunk: null },
  ])
  t.deepEqual(await Array.fromAsync(runtime.stream(job.pid, { from: 2 })), parts.slice(2))
  t.deepEqual(await Array.fromAsync(runtime.stream(job.pid, { from: 9 })), [])
  await t.throwsAsync(Array.fromAsync(runtime.stream('nothing')), { code: 'ERR_UNKNOWN_PROCESS' })
  await t.throwsAsync(Array.fromAsync(runtime.stream(job.pid, { from: -1 })), { instanceOf: TypeError })
})

test('a new attempt resets what the one before has written', async t => {
  const flaky = defineProcess({ name: 'flaky' }).step(
    'write',
    ({ attempt, write }) => {
      write(`attempt ${attempt}`)
      if (attempt < 3) throw new Error('once more')
    },
    { retry: { attempts: 3, delay: 0 } },
  )
  const runtime = await open(flaky)
  t.teardown(() => runtime.close())
  const job = await runtime.start(flaky)
  const parts = await Array.fromAsync(runtime.stream(job.pid))
  t.deepEqual(
    parts.map(({ attempt, reset, chunk }) => (reset ? [attempt] : [attempt, chunk])),
    [[1, 'attempt 1'], [2], [2, 'attempt 2'], [3], [3, 'attempt 3']],
  )
  t.deepEqual(
    parts.map(({ offset }) => offset),
    [0, 1, 2, 3, 4],
  )
  t.deepEqual(shown(parts), ['attempt 3'])
})

test('what a call of once has written stays when its output does', async t => {
  const agent = defineProcess({ name: 'agent' }).step(
    'answer',
    async ({ attempt, write, once }) => {
      write(`begin ${attempt} `)
      for (const turn of ['one', 'two'])
        await once(turn, ({ write: say }) => {
          for (const token of [turn, ' ', String(attempt), ' ']) say(token)
          if (turn === 'two' && attempt === 1) throw new Error('the connection broke')
        })
    },
    { retry: { attempts: 2, delay: 0 } },
  )
  const runtime = await open(agent)
  t.teardown(() => runtime.close())
  const job = await runtime.start(agent)
  const parts = await Array.fromAsync(runtime.stream(job.pid))
  t.is(shown(parts).join(''), 'one 1 begin 2 two 2 ')
  t.deepEqual(
    parts.filter(({ reset }) => reset).map(({ step, once }) => [step, once]),
    [
      ['answer', undefined],
      ['answer', 'two'],
    ],
  )
})

test('a retry within a call of once resets that call alone', async t => {
  const asks = defineProcess({ name: 'asks' }).step('ask', ({ once }) =>
    once(
      'model',
      ({ attempt, write }) => {
        write(`try ${attempt}`)
        if (attempt === 1) throw new Error('429')
      },
      { retry: { attempts: 2, delay: 0 } },
    ),
  )
  const runtime = await open(asks)
  t.teardown(() => runtime.close())
  const job = await runtime.start(asks)
  t.deepEqual(shown(await Array.fromAsync(runtime.stream(job.pid))), ['try 2'])
})

test('each item and each branch writes for itself', async t => {
  const fan = defineProcess({ name: 'fan' })
    .each(
      'work',
      () => ['a', 'b'],
      async ({ data, attempt, write, once }) => {
        write(`${data}${attempt}`)
        await once('part', ({ write: say }) => say(`part of ${data}`))
        if (data === 'b' && attempt === 1) throw new Error('once more')
      },
      { retry: { attempts: 2, delay: 0 }, concurrency: 1 },
    )
    .parallel('publish', { search: ({ write }) => write('found'), mail: ({ write }) => write('sent') })
  const runtime = await open(fan)
  t.teardown(() => runtime.close())
  const job = await runtime.start(fan)
  const parts = await Array.fromAsync(runtime.stream(job.pid))
  t.deepEqual(shown(parts.filter(({ step }) => step === 'work')), ['a1', 'part of a', 'part of b', 'b2'])
  t.deepEqual(
    parts
      .filter(({ step }) => step !== 'work')
      .map(({ step, chunk }) => `${step} ${String(chunk)}`)
      .toSorted((a, b) => (a < b ? -1 : 1)),
    ['publish.mail sent', 'publish.search found'],
  )
})

test('what is no JSON, or too large, is refused where it is written', async t => {
  const errors: unknown[] = []
  const strange = defineProcess({ name: 'strange' }).step('write', ({ write }) => {
    for (const chunk of [1n, new Date(0), 'x'.repeat(1024 * 1024 + 1)])
      try {
        write(chunk as never)
      } catch (error) {
        errors.push((error as { code: string }).code)
      }
  })
  const runtime = await open(strange)
  t.teardown(() => runtime.close())
  await (await runtime.start(strange)).result()
  t.deepEqual(errors, ['ERR_NOT_JSON', 'ERR_NOT_JSON', 'ERR_RECORD_TOO_LARGE'])
  await t.notThrowsAsync(strange.run())
})

test('ten thousand chunks are few writes, and the reader has them before the end', async t => {
  let writes = 0
  const store = wrappedStore(host => ({
    append: (trail, pid, entries) => {
      writes += 1
      return host.append(trail, pid, entries)
    },
  }))
  const many = defineProcess({ name: 'many' }).step('write', async ({ write }) => {
    for (let i = 0; i < 10_000; i++) {
      write(`token ${i}`)
      if (i % 100 === 0) await new Promise(setImmediate)
    }
  })
  const runtime = await open(many, store)
  t.teardown(() => runtime.close())
  const job = await runtime.start(many)
  let count = 0
  for await (const { offset, chunk } of runtime.stream(job.pid)) {
    t.is(offset, count)
    if (chunk === `token ${count}`) count += 1
  }
  t.is(count, 10_000)
  t.true(writes < 200, `${writes} writes`)
})

test('the host that goes on counts from where the stream ends, and resets what the dead one wrote', async t => {
  const store = memoryStore()
  const gate = Promise.withResolvers<void>()
  const writes = defineProcess({ name: 'writes' }).step('write', async ({ attempt, write, signal }) => {
    for (const n of [1, 2, 3]) write(`${attempt}.${n}`)
    if (attempt > 1) return
    gate.resolve()
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  })
  const first = await open(writes, store)
  const job = await first.start(writes)
  await gate.promise
  await first.close()
  const second = await open(writes, store)
  t.teardown(() => second.close())
  const parts = await Array.fromAsync(second.stream(job.pid))
  t.deepEqual(
    parts.map(({ offset }) => offset),
    [0, 1, 2, 3, 4, 5, 6],
  )
  t.true(parts[3]?.reset)
  t.deepEqual(shown(parts), ['2.1', '2.2', '2.3'])
})

test('a stream that cannot be written harms nobody', async t => {
  const store = wrappedStore(() => ({ append: async () => Promise.reject(new Error('the disk is full')) }))
  const warned = new Promise<string>(resolve => process.once('warning', ({ message }) => resolve(message)))
  const one = defineProcess({ name: 'one' }).step('write', ({ write }) => {
    write('x')
    return 1
  })
  const runtime = await open(one, store)
  t.teardown(() => runtime.close())
  t.is(await (await runtime.start(one)).result(), 1)
  t.regex(await warned, /stream of process \w+ threw: Error: the disk is full/)
})

test('isolated work writes as well, and what it does once', async t => {
  const crunch = defineProcess({ name: 'crunch' }).step(
    'crunch',
    { module: new URL('./isolated.ts', import.meta.url), export: 'writes' },
    { isolate: 'thread' },
  )
  const runtime = await open(crunch, lowdbStore(makeTempDir()))
  t.teardown(() => runtime.close())
  const job = await runtime.start(crunch)
  const parts = await Array.fromAsync(runtime.stream(job.pid))
  t.deepEqual(
    parts.map(({ chunk, once }) => [chunk, once]),
    [
      ['begins', undefined],
      ['half', 'part'],
      [{ done: true }, undefined],
    ],
  )
})

test('a signal ends reading with its reason, and closing the client too', async t => {
  const store = memoryStore()
  const waits = defineProcess({ name: 'waits' })
    .step('write', ({ write }) => write(1))
    .interrupt('wait')
  const runtime = await open(waits, store)
  t.teardown(() => runtime.close())
  const job = await runtime.start(waits)
  const client = openClient(store)
  const stop = new AbortController()
  const read = async (signal?: AbortSignal): Promise<void> => {
    for await (const { chunk } of client.stream(job.pid, { signal })) if (chunk === 1) setImmediate(() => stop.abort())
  }
  await t.throwsAsync(read(stop.signal), { name: 'AbortError' })
  const reading = read()
  await client.close()
  await t.throwsAsync(reading, { code: 'ERR_CLIENT_CLOSED' })
})
