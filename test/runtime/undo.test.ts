import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  createRuntime,
  defineProcess,
  ProcessCancelledError,
  ProcessError,
  ProcessTimeoutError,
  ProcessUndoError,
  typed,
  lowdbStore,
  type Store,
} from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'
import { gate, settled } from './gate.ts'

/** What undos were given, as text. */
function diary() {
  const lines: string[] = []
  return { lines, note: (line: string) => void lines.push(line) }
}

test('a failure undoes finished steps, the last one first, and leaves its error as it was', async t => {
  const { lines, note } = diary()
  const trip = defineProcess({ name: 'trip', input: typed<{ to: string }>() })
    .step('flight', ({ data }) => ({ seat: `to ${data.to}` }), {
      undo: ({ output, input, data, error, reason, idempotencyKey, attempt, step }) =>
        note(JSON.stringify([output, input, data, error.message, error.step, reason, idempotencyKey, attempt, step])),
    })
    .step('note', () => 7)
    .step('hotel', ({ data }) => ({ room: data }), {
      undo: ({ output, data }) => note(`hotel ${output.room} of ${data}`),
    })
    .step('car', () => Promise.reject(new Error('no cars')), { undo: () => note('never') })
  const runtime = await createTestRuntime({ processes: [trip] })
  const job = await runtime.start(trip, { to: 'Rome' })
  const error = await t.throwsAsync(job.result(), { instanceOf: ProcessError, code: 'ERR_STEP_FAILED' })
  t.like(error, { step: 'car' })
  t.regex(error.message, /no cars/)
  t.deepEqual(lines, [
    'hotel 7 of 7',
    JSON.stringify([
      { seat: 'to Rome' },
      { to: 'Rome' },
      { to: 'Rome' },
      'no cars',
      'car',
      'error',
      `${job.pid}:flight.undo`,
      1,
      'flight.undo',
    ]),
  ])
  const info = await runtime.get(job.pid)
  t.like(info, { status: 'error', error: { message: 'no cars', step: 'car' } })
  t.deepEqual(
    info?.steps.map(({ name, kind, status }) => [name, kind, status]),
    [
      ['flight', 'step', 'finished'],
      ['flight.undo', 'undo', 'finished'],
      ['note', 'step', 'finished'],
      ['hotel', 'step', 'finished'],
      ['hotel.undo', 'undo', 'finished'],
      ['car', 'step', 'error'],
    ],
  )
  t.deepEqual(
    (await runtime.history(job.pid))?.map(({ status, event }) => `${status} ${event.type} ${event.step ?? ''}`.trim()),
    [
      'pending CREATE',
      'running START',
      'running DONE flight',
      'running DONE note',
      'running DONE hotel',
      'undoing FAIL car',
      'undoing DONE hotel.undo',
      'error DONE flight.undo',
    ],
  )
})

test('a process that finishes undoes nothing, and shows no undo', async t => {
  const definition = defineProcess({ name: 'fine' }).step('a', () => 1, { undo: () => t.fail() })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  t.is(await job.result(), 1)
  t.deepEqual(
    (await runtime.get(job.pid))?.steps.map(({ name }) => name),
    ['a'],
  )
})

test('skipped steps are not undone, nor is a process without finished steps', async t => {
  const { lines, note } = diary()
  const definition = defineProcess({ name: 'skips', input: typed<boolean>() })
    .step('a', () => 1, { undo: () => note('a') })
    .step('b', () => 2, { when: ({ input }) => input, undo: () => note('b') })
    .step('c', () => Promise.reject(new Error('no')))
  const runtime = await createTestRuntime({ processes: [definition] })
  await t.throwsAsync((await runtime.start(definition, false)).result())
  t.deepEqual(lines, ['a'])
  await t.throwsAsync((await runtime.start(definition, true)).result())
  t.deepEqual(lines, ['a', 'b', 'a'])
  const first = defineProcess({ name: 'first' }).step('a', () => Promise.reject(new Error('no')), {
    undo: () => note('!'),
  })
  const other = await createTestRuntime({ processes: [first] })
  const job = await other.start(first)
  await t.throwsAsync(job.result())
  t.is(lines.length, 3)
  t.false((await other.history(job.pid))?.some(({ status }) => status === 'undoing'))
})

test('with onFailure the step that failed is undone too, once its work has settled', async t => {
  const { lines, note } = diary()
  const go = gate()
  const definition = defineProcess({ name: 'half' })
    .step('a', () => 'a', { undo: ({ output }) => note(`a: ${output}`) })
    .step(
      'b',
      async () => {
        await go.promise
        note('b: late')
        return 'b'
      },
      { timeout: '1s', undo: { run: ({ output, reason }) => note(`b: ${output} ${reason}`), onFailure: true } },
    )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  await runtime.clock.advance('1s')
  await runtime.until(job.pid, 'undoing')
  await settled()
  t.deepEqual(lines, [])
  go.open()
  await t.throwsAsync(job.result(), { code: 'ERR_STEP_TIMEOUT' })
  t.deepEqual(lines, ['b: late', 'b: undefined error', 'a: a'])
})

for (const [reason, klass] of [
  ['timeout', ProcessTimeoutError],
  ['cancelled', ProcessCancelledError],
] as const)
  test(`${reason}: what has finished is undone, then the process ends as it would have`, async t => {
    const { lines, note } = diary()
    const definition = defineProcess({ name: 'ends', timeout: '1m' })
      .step('a', () => 'a', { undo: context => note(`a ${context.reason} ${context.error.code}`) })
      .step('b', ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))))
    const runtime = await createTestRuntime({ processes: [definition] })
    const job = await runtime.start(definition)
    await settled()
    if (reason === 'timeout') await runtime.clock.advance('1m')
    else await job.cancel('why not')
    const error = await t.throwsAsync(job.result(), { instanceOf: klass })
    if (reason === 'cancelled') t.regex(error.message, /why not/)
    t.deepEqual(lines, [`a ${reason} ${reason === 'timeout' ? 'ERR_PROCESS_TIMEOUT' : 'ERR_CANCELLED'}`])
    t.like(await runtime.get(job.pid), { status: reason })
  })

test('a process that is cancelled while it waits undoes what it did, also a step that is paused', async t => {
  const { lines, note } = diary()
  const definition = defineProcess({ name: 'waits' })
    .step('a', () => ({ a: 1 }), { interrupt: true, undo: ({ output }) => note(`a ${output.a}`) })
    .sleep('s', '1h')
  const runtime = await createTestRuntime({ processes: [definition] })
  const paused = await runtime.start(definition)
  await runtime.until(paused.pid, 'interrupted')
  await paused.cancel()
  await t.throwsAsync(paused.result(), { code: 'ERR_CANCELLED' })
  t.deepEqual(lines, ['a 1'])
  const asleep = await runtime.start(definition)
  await runtime.until(asleep.pid, 'interrupted')
  await asleep.proceed({ a: 2 })
  await runtime.until(asleep.pid, 'sleeping')
  await asleep.cancel()
  await t.throwsAsync(asleep.result(), { code: 'ERR_CANCELLED' })
  t.deepEqual(lines, ['a 1', 'a 1'])
})

test('an undo is retried; one that fails for good stops no other', async t => {
  const { lines, note } = diary()
  const definition = defineProcess({ name: 'hard' })
    .step('a', () => 'a', { undo: () => note('a') })
    .step('b', () => 'b', { undo: () => Promise.reject(new Error('bank closed')) })
    .step('c', () => 'c', {
      undo: {
        run: ({ attempt }) => {
          note(`c ${attempt}`)
          if (attempt < 3) throw new Error('busy')
        },
        retry: { attempts: 3, delay: '1m', jitter: false },
      },
    })
    .step('d', () => Promise.reject(new Error('no')))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, info => info.steps.some(({ status }) => status === 'waiting'))
  t.like(await runtime.get(job.pid), { status: 'undoing' })
  await runtime.clock.advance('1m')
  await settled()
  await runtime.clock.advance('2m')
  const error = await t.throwsAsync(job.result(), { code: 'ERR_UNDO_FAILED', message: /'b' \(bank closed\)/ })
  t.deepEqual(lines, ['c 1', 'c 2', 'c 3', 'a'])
  t.like(await runtime.get(job.pid), {
    status: 'error',
    error: { code: 'ERR_UNDO_FAILED', undos: ['b'], cause: { message: 'no', step: 'd' } },
  })
  t.true(error instanceof ProcessUndoError)
  t.like(error, { undos: ['b'], step: 'd' })
  t.is((error.cause as Error).message, 'no')
})

test('an undo has a time of its own: the timeout of the process does not count', async t => {
  const definition = defineProcess({ name: 'slow', timeout: '1s' })
    .step('a', () => 'a', {
      undo: { run: ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', no)) },
    })
    .step('b', () => Promise.reject(new Error('no')))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, 'undoing')
  await settled()
  await runtime.clock.advance('9m')
  t.is((await runtime.get(job.pid))?.status, 'undoing')
  await runtime.clock.advance('1m')
  await t.throwsAsync(job.result(), { code: 'ERR_UNDO_FAILED', message: /timeout of 600000 ms/ })
})

test('an undo cannot be cancelled, here or from a client', async t => {
  const go = gate()
  const definition = defineProcess({ name: 'firm' })
    .step('a', () => 'a', { undo: () => go.promise })
    .step('b', () => Promise.reject(new Error('no')))
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, 'undoing')
  await t.throwsAsync(job.cancel(), { code: 'ERR_UNDOING' })
  await t.throwsAsync(runtime.cancel(job.pid), { code: 'ERR_UNDOING' })
  await t.throwsAsync(job.proceed(), { code: 'ERR_NOT_INTERRUPTED' })
  t.deepEqual((await runtime.counts()).undoing, 1)
  go.open()
  await t.throwsAsync(job.result(), { code: 'ERR_STEP_FAILED' })
})

test('the next host goes on with the undo, as a new attempt, and remembers what it did once', async t => {
  const { lines, note } = diary()
  const go = gate()
  const definition = () =>
    defineProcess({ name: 'moves' })
      .step('a', () => 'a', { undo: () => note('a') })
      .step('b', () => 'b', {
        undo: async ({ attempt, once, output, error }) => {
          const paid = await once('pay', () => {
            note('pay')
            return 3
          })
          note(`b ${attempt} ${paid} ${output} ${error.message}`)
          if (attempt === 1) await go.promise
        },
      })
      .step('c', () => Promise.reject(new Error('no')))
  const store = memoryStore()
  const plan = definition()
  const first = await createTestRuntime({ processes: [plan], store })
  const { pid } = await first.start(plan)
  await first.until(pid, 'undoing')
  await settled()
  await first.die()
  const second = await createTestRuntime({ processes: [definition()], store, clock: first.clock })
  await t.throwsAsync(second.result(pid), { code: 'ERR_STEP_FAILED' })
  t.deepEqual(lines, ['pay', 'b 1 3 b no', 'b 2 3 b no', 'a'])
  t.like(await second.get(pid), { status: 'error', recoveries: 1 })
  go.open()
})

test('hosts that die during an undo end that undo, and the next one begins', async t => {
  const { lines, note } = diary()
  const definition = () =>
    defineProcess({ name: 'kills' })
      .step('a', () => 'a', { undo: () => note('a') })
      .step('b', () => 'b', { undo: () => new Promise(() => note('b')) })
      .step('c', () => Promise.reject(new Error('no')))
  const store = memoryStore()
  const plan = definition()
  let runtime = await createTestRuntime({ processes: [plan], store, maxRecoveries: 1, recover: 'fail' })
  const { pid } = await runtime.start(plan)
  await runtime.until(pid, 'undoing')
  for (let death = 0; death < 2; death++) {
    await settled()
    await runtime.die()
    runtime = await createTestRuntime({
      processes: [definition()],
      store,
      clock: runtime.clock,
      maxRecoveries: 1,
      recover: 'fail',
    })
  }
  await t.throwsAsync(runtime.result(pid), { code: 'ERR_UNDO_FAILED', message: /'b' \(The host died/ })
  t.deepEqual(lines, ['b', 'b', 'a'])
})

test('a retry begins with the first step that was undone; a fork undoes only what it did itself', async t => {
  const { lines, note } = diary()
  let isBad = true
  const definition = defineProcess({ name: 'again' })
    .step('x', () => note('x'))
    .step('a', () => note('a'), { undo: () => note('undo a') })
    .step('b', () => note('b'), { undo: () => note('undo b') })
    .step('c', () => {
      note('c')
      if (isBad) throw new Error('no')
      return 'done'
    })
  const runtime = await createTestRuntime({ processes: [definition], worker: true })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition)
  await t.throwsAsync(job.result())
  t.deepEqual(lines.splice(0), ['x', 'a', 'b', 'c', 'undo b', 'undo a'])
  const fork = await runtime.fork(job.pid, { from: 'b' })
  await t.throwsAsync(runtime.result(fork))
  t.deepEqual(lines.splice(0), ['b', 'c', 'undo b'])
  isBad = false
  t.is(await runtime.result(await runtime.retry(job.pid)), 'done')
  t.deepEqual(lines, ['a', 'b', 'c'])
})

test('what is no undo is refused when it is defined', t => {
  const define = (undo: unknown) => () => defineProcess({ name: 'p' }).step('s', () => 1, { undo: undo as never })
  t.throws(define(3), { message: /work of undo of step 's' must be a function/ })
  t.throws(define({ run: () => {}, wrong: 1 }), { message: /undo of step 's' must be an object with run, timeout/ })
  t.throws(define({ run: () => {}, onFailure: 1 }), { message: /onFailure of undo of step 's'/ })
  t.throws(define({ run: () => {}, isolate: 'thread' }), { message: /a module to run in a thread/ })
})

test('a retry of a process that could not be undone runs the undos that failed, and no others', async t => {
  const { lines, note } = diary()
  let isOpen = false
  const open = (what: string): void => {
    if (!isOpen) throw new Error(`${what}: the bank is closed`)
    note(what)
  }
  const definition = defineProcess({ name: 'bank', input: typed<{ n: number }>() })
    .step('a', ({ data }) => data.n, {
      undo: ({ output, data, error }) => open(`a ${output} ${data.n} ${error.message}`),
    })
    .step('b', () => 'b', { undo: () => note('b') })
    .parallel('p', {
      x: { run: () => 'x', undo: ({ output }) => note(`x ${output}`) },
      y: { run: ({ data }) => `y of ${data}`, undo: ({ output, data }) => open(`y: ${output} ${data}`) },
    })
    .each(
      'e',
      () => [1, 2, 3],
      ({ data }) => data * 10,
      {
        concurrency: 1,
        undo: ({ output, data }) => (data === 2 ? open(`e ${output}`) : note(`e ${output}`)),
      },
    )
    .step('c', () => Promise.reject(new Error('no')))
  const runtime = await createTestRuntime({ processes: [definition], worker: true })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition, { n: 4 })
  const error = await t.throwsAsync(job.result(), { instanceOf: ProcessUndoError })
  t.deepEqual(error.undos, ['a', 'p.y', 'e'])
  t.deepEqual(lines.splice(0), ['e 10', 'e 30', 'x x', 'b'])
  isOpen = true
  const again = await runtime.retry(job.pid)
  await t.throwsAsync(runtime.result(again), { code: 'ERR_STEP_FAILED', message: /no/ })
  t.deepEqual(lines.splice(0), ['e 20', 'y: y of b b', 'a 4 4 no'])
  t.like(await runtime.get(again), { status: 'error', retryOf: job.pid, error: { step: 'c', message: 'no' } })
  // Now that all is undone, another retry begins anew.
  await t.throwsAsync(runtime.result(await runtime.retry(again)), { code: 'ERR_STEP_FAILED' })
  t.deepEqual(lines.length, 7)
})

const STORES: Record<string, (t: ExecutionContext) => Promise<Store>> = {
  lowdb: async t => lowdbStore(await tempDir(t)),
  sqlite: async t => sqliteStore(join(await tempDir(t), 'store.db')),
}

for (const [name, open] of Object.entries(STORES))
  test(`${name}: a host that closes in the middle leaves the rest to the next one`, async t => {
    const { lines, note } = diary()
    const make = (isFirst: boolean) =>
      defineProcess({ name: 'stored' })
        .step('a', () => ({ a: 1 }), { undo: ({ output }) => note(`a ${output.a}`) })
        .each(
          'e',
          () => [1, 2],
          ({ data }) => data * 2,
          { undo: ({ output }) => note(`e ${output}`) },
        )
        .step('b', () => 'b', {
          undo: ({ output, attempt, signal }) => {
            note(`b ${output} ${attempt}`)
            if (isFirst) return new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))
            return undefined
          },
        })
        .step('c', () => Promise.reject(new Error('no')))
    const store = await open(t)
    const definition = make(true)
    const first = await createRuntime({ processes: [definition], store })
    const { pid } = await first.start(definition)
    for await (const { status } of first.watch(pid)) if (status === 'undoing') break
    while (lines.length === 0) await settled()
    await first.close()
    const second = await createRuntime({ processes: [make(false)], store })
    await t.throwsAsync(second.result(pid), { code: 'ERR_STEP_FAILED' })
    t.deepEqual(lines, ['b b 1', 'b b 2', 'e 2', 'e 4', 'a 1'])
    t.like(await second.get(pid), { status: 'error', recoveries: 0 })
    await second.close()
    await store.close()
  })
