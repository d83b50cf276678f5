import test from 'ava'
import { createMachine } from 'xstate'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'

const fails = () => Promise.reject(new Error('no'))
const module = new URL('./isolated.ts', import.meta.url)

test('branches that have finished are undone at once, before what came before their step', async t => {
  const lines: string[] = []
  const go = gate()
  const definition = defineProcess({ name: 'branches' })
    .step('a', () => 'a', { undo: () => void lines.push('a') })
    .parallel('p', {
      x: {
        run: ({ data }) => `${data}x`,
        undo: ({ output, data }) => go.promise.then(() => void lines.push(`x ${output} ${data}`)),
      },
      y: { run: () => 'y', undo: ({ output }) => void lines.push(`y ${output}`) },
      z: () => 'z',
    })
    .step('b', fails)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await runtime.until(job.pid, ({ steps }) =>
    steps.some(({ name, status }) => name === 'p.y.undo' && status === 'finished'),
  )
  t.deepEqual(lines, ['y y'])
  go.open()
  await t.throwsAsync(job.result(), { code: 'ERR_STEP_FAILED' })
  t.deepEqual(lines, ['y y', 'x ax a', 'a'])
})

test('of a parallel step that fails, only the branches that have finished are undone', async t => {
  const lines: string[] = []
  const go = gate()
  const definition = defineProcess({ name: 'half' }).parallel('p', {
    x: { run: () => 'x', undo: ({ output }) => void lines.push(`x ${output}`) },
    y: { run: () => go.promise.then(fails), undo: () => void lines.push('y') },
    z: {
      run: ({ signal }) => new Promise<string>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
      undo: { run: ({ output }) => void lines.push(`z ${output}`), onFailure: true },
    },
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  go.open()
  await t.throwsAsync(job.result(), { message: /no/ })
  t.deepEqual(lines.toSorted(), ['x x', 'z undefined'])
})

test('items that have finished are undone, each with its own output, whether the step has finished or not', async t => {
  const lines: string[] = []
  const each = (name: string, bad: number) =>
    defineProcess({ name })
      .each(
        'items',
        () => [10, 20, 30],
        async ({ data, idempotencyKey }) => {
          if (data === bad) throw new Error('bad')
          return `${data} of ${idempotencyKey.split(':').at(-1)}`
        },
        { concurrency: 1, undo: ({ output, data, reason }) => void lines.push(`${data}: ${output} ${reason}`) },
      )
      .step('b', fails)
  const [all, some] = [each('all', 0), each('some', 30)]
  const runtime = await createTestRuntime({ processes: [all, some] })
  await t.throwsAsync((await runtime.start(all)).result(), { message: /no/ })
  t.deepEqual(lines.splice(0), ['10: 10 of 0 error', '20: 20 of 1 error', '30: 30 of 2 error'])
  const job = await runtime.start(some)
  await t.throwsAsync(job.result(), { message: /bad/ })
  t.deepEqual(lines, ['10: 10 of 0 error', '20: 20 of 1 error'])
})

test('an item that cannot be undone stops no other, and the next host goes on with those that are left', async t => {
  const lines: string[] = []
  const go = gate()
  const make = () =>
    defineProcess({ name: 'items' })
      .each(
        'items',
        () => [1, 2, 3],
        ({ data }) => data * 10,
        {
          concurrency: 1,
          undo: {
            run: async ({ output }) => {
              lines.push(`${output}`)
              if (output === 10) throw new Error('stuck')
              if (output === 30 && lines.filter(line => line === '30').length === 1) await go.promise
            },
          },
        },
      )
      .step('b', fails)
  const store = memoryStore()
  const definition = make()
  const first = await createTestRuntime({ processes: [definition], store })
  const { pid } = await first.start(definition)
  await first.until(pid, 'undoing')
  await settled()
  await first.clock.advance('1s')
  await settled()
  t.deepEqual(lines, ['10', '20', '30'])
  await first.die()
  const second = await createTestRuntime({ processes: [make()], store, clock: first.clock })
  const error = await t.throwsAsync(second.result(pid), { code: 'ERR_UNDO_FAILED' })
  t.regex(error.message, /1 of 3 items could not be undone \(0\)/)
  t.deepEqual(lines, ['10', '20', '30', '30'])
  go.open()
})

test('machine and process steps are undone with their outputs', async t => {
  const lines: unknown[] = []
  const machine = createMachine({ initial: 'a', states: { a: { type: 'final' } }, output: { m: 1 } })
  const child = defineProcess({ name: 'child', input: typed<{ m: number }>() }).step('c', ({ data }) => data.m + 1)
  const definition = defineProcess({ name: 'others' })
    .machine('m', machine, { undo: ({ output, data }) => void lines.push(['m', output, data]) })
    .process('c', child, { input: () => ({ m: 1 }), undo: ({ output, data }) => void lines.push(['c', output, data]) })
    .step('b', fails)
  const runtime = await createTestRuntime({ processes: [definition] })
  await t.throwsAsync((await runtime.start(definition)).result(), { message: /no/ })
  t.deepEqual(lines, [
    ['c', 2, { m: 1 }],
    ['m', { m: 1 }, null],
  ])
})

for (const isolate of ['thread', 'process'] as const)
  test(`${isolate}: an undo runs where it can be killed, and is given the same`, async t => {
    const definition = defineProcess({ name: 'apart' })
      .step('a', () => ({ receipt: 3 }), { undo: { run: { module, export: 'undoes' }, isolate } })
      .step('b', fails)
    const runtime = await createTestRuntime({ processes: [definition] })
    t.teardown(() => runtime.close())
    const job = await runtime.start(definition)
    await t.throwsAsync(job.result(), { message: /no/ })
    const [entry] = await Array.fromAsync(runtime.logs(job.pid))
    t.like(entry, { message: 'undone', fields: { output: { receipt: 3 }, reason: 'error', message: 'no' } })
  })

test('items that had finished a moment before the process was cancelled are undone', async t => {
  const lines: string[] = []
  const definition = defineProcess({ name: 'moment' }).each(
    'items',
    () => [1, 2, 3],
    ({ data, signal }) =>
      data < 3 ? data : new Promise<number>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
    { undo: ({ output }) => void lines.push(`${output}`) },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  await settled()
  await job.cancel()
  await t.throwsAsync(job.result(), { code: 'ERR_CANCELLED' })
  t.deepEqual(lines.toSorted(), ['1', '2'])
})
