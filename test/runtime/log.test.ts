import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'

test('log() goes to the log of the process, with where and when, and takes any fields', async t => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const chatty = defineProcess({ name: 'chatty' }).step('talk', ({ log }) => {
    log('plain')
    log('with fields', { rows: 3, at: new Date(0), error: new Error('no'), big: 5n, map: new Map([['a', 1]]) })
    log('with a cycle', cyclic)
    t.throws(() => log(5 as never), { instanceOf: TypeError, message: /5/ })
  })
  const runtime = await createTestRuntime({ processes: [chatty] })
  const job = await runtime.start(chatty)
  await job.result()
  const [plain, fields, cycle] = await Array.fromAsync(runtime.logs(job.pid))
  t.deepEqual(plain, { at: '2030-01-01T00:00:00.000Z', step: 'talk', attempt: 1, message: 'plain' })
  t.like(fields?.fields, {
    rows: 3,
    at: '1970-01-01T00:00:00.000Z',
    big: '5',
    map: [['a', 1]],
    error: { name: 'Error', message: 'no' },
  })
  t.is(cycle?.message, 'with a cycle')
  await runtime.close()
})

test('what is logged after the end of an attempt is dropped', async t => {
  let late = (_: string): void => {}
  const quick = defineProcess({ name: 'quick' }).step('go', ({ log }) => {
    late = log
  })
  const runtime = await createTestRuntime({ processes: [quick] })
  const job = await runtime.start(quick)
  await job.result()
  late('too late')
  t.deepEqual(await Array.fromAsync(runtime.logs(job.pid)), [])
  await runtime.close()
})
