import test from 'ava'
import { defineProcess, StepwrightError } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'
import { wrappedStore } from './wrapped-store.ts'

const noDisk = () => new StepwrightError('ERR_STORE_WRITE', 'the disk is full')

function warningsOf(t: { teardown(fn: () => void): void }): Error[] {
  const warnings: Error[] = []
  const listen = (warning: Error) => void warnings.push(warning)
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  return warnings
}

const twoSteps = (ran: string[]) =>
  defineProcess({ name: 'two-steps' })
    .step('one', ({ attempt }) => void ran.push(`one ${attempt}`))
    .step('two', ({ attempt }) => void ran.push(`two ${attempt}`))

test('no step begins before the write of its record has resolved', async t => {
  const ran: string[] = []
  const writes: { revision: number; open: () => void }[] = []
  const store = wrappedStore(host => ({
    async write(line) {
      const { promise, open } = gate()
      writes.push({ revision: line.revision, open })
      await promise
      await host.write(line)
    },
  }))
  const definition = twoSteps(ran)
  const runtime = await createTestRuntime({ processes: [definition], store })
  const job = await runtime.start(definition)
  for (const [revision, done] of [
    [2, []],
    [3, ['one 1']],
    [4, ['one 1', 'two 1']],
  ] as const) {
    await settled()
    t.is(writes.length, revision - 1)
    t.is(writes.at(-1)?.revision, revision)
    t.deepEqual(ran, [...done])
    writes.at(-1)?.open()
  }
  await job.result()
  t.deepEqual(
    (await runtime.history(job.pid)).map(({ revision }) => revision),
    [1, 2, 3, 4],
  )
})

for (const [how, fail] of [
  [
    'rejects',
    async () => {
      throw noDisk()
    },
  ],
  [
    'throws',
    () => {
      throw noDisk()
    },
  ],
] as const) {
  test.serial(`a store whose write ${how} holds the process, warns, and is never a step's error`, async t => {
    const warnings = warningsOf(t)
    const ran: string[] = []
    let failures = 0,
      broken = true
    const store = wrappedStore(host => ({
      write(line) {
        if (!broken) return host.write(line)
        failures += 1
        return fail()
      },
    }))
    const definition = twoSteps(ran)
    const runtime = await createTestRuntime({ processes: [definition], store })
    const job = await runtime.start(definition)
    await runtime.clock.advance('20s')
    t.true(failures > 5, `${failures} tries in 20 s`)
    t.true(failures < 15, `${failures} tries in 20 s`)
    t.deepEqual(ran, [])
    t.is((await runtime.get(job.pid))?.status, 'pending')
    t.true(
      warnings.some(
        warning =>
          (warning as { code?: string }).code === 'ERR_STORE_WRITE' &&
          warning.message.includes(job.pid) &&
          /disk is full/.test(warning.message),
      ),
    )
    broken = false
    await runtime.clock.advance('5s')
    t.is(await job.result(), null as never)
    t.deepEqual(ran, ['one 1', 'two 1'])
    const info = await runtime.get(job.pid)
    t.deepEqual(
      info?.steps.map(({ status, attempt, error }) => [status, attempt, error]),
      [
        ['finished', 1, undefined],
        ['finished', 1, undefined],
      ],
    )
  })
}

test.serial('a start that the store refuses is an error of start, and nothing runs', async t => {
  const ran: string[] = []
  const definition = twoSteps(ran)
  const store = wrappedStore(() => ({
    create: async () => {
      throw noDisk()
    },
  }))
  const runtime = await createTestRuntime({ processes: [definition], store })
  await t.throwsAsync(runtime.start(definition), { code: 'ERR_STORE_WRITE' })
  await settled()
  t.deepEqual(ran, [])
  await runtime.close()
})

test.serial('a result is told only once the end is in the store', async t => {
  const end = gate()
  const store = wrappedStore(host => ({
    async write(line) {
      if (line.status === 'finished') await end.promise
      await host.write(line)
    },
  }))
  const definition = twoSteps([])
  const runtime = await createTestRuntime({ processes: [definition], store })
  const job = await runtime.start(definition)
  let told = false
  const result = job.result().then(() => (told = true))
  await settled()
  t.false(told)
  end.open()
  await result
  t.is((await runtime.get(job.pid))?.status, 'finished')
})

test.serial(
  'closing while the store is down gives up in time; what was never written is not reported as an end',
  async t => {
    warningsOf(t)
    let broken = false
    const store = wrappedStore(host => ({
      async write(line) {
        if (broken) throw noDisk()
        await host.write(line)
      },
    }))
    const go = gate()
    const definition = defineProcess({ name: 'last' }).step('s', () => go.promise)
    const runtime = await createTestRuntime({ processes: [definition], store })
    const job = await runtime.start(definition)
    await runtime.until(job.pid, 'running')
    broken = true
    go.open()
    await settled()
    const result = t.throwsAsync(job.result(), { code: 'ERR_RUNTIME_CLOSED' })
    const closing = runtime.close({ within: '3s' })
    await runtime.clock.advance('3s')
    await closing
    await result
    t.is((await store.get(job.pid))?.host?.state, 'alive')
    broken = false
    await runtime.clock.advance('10s')
    await settled()
    t.is((await store.get(job.pid))?.record.status, 'finished')
    t.deepEqual(await store.hosts(), [], 'the host leaves once the store is back')
  },
)

test('a store that fails while a child is started is waited for: it is no failure of the parent', async t => {
  const child = defineProcess({ name: 'child' }).step('work', () => 'done')
  const parent = defineProcess({ name: 'parent' }).process('child', child)
  let failures = 0
  const store = wrappedStore(host => ({
    async create(record) {
      if (record.name === 'child' && ++failures <= 2) throw noDisk()
      return host.create(record)
    },
  }))
  const runtime = await createTestRuntime({ processes: [parent, child], store })
  const told: unknown[] = []
  runtime.on('store-error', ({ error }) => told.push(error))
  const { pid } = await runtime.start(parent)
  await settled()
  t.is((await runtime.get(pid))?.status, 'running')
  await runtime.clock.advance('1s')
  t.is((await runtime.until(pid, 'finished')).output, 'done')
  t.is(told.length, 2)
})

test('a step whose process is cancelled while its record is written does not begin', async t => {
  const ran: string[] = []
  const { promise, open } = gate()
  const store = wrappedStore(host => ({
    async write(line) {
      await promise
      await host.write(line)
    },
  }))
  const definition = twoSteps(ran)
  const runtime = await createTestRuntime({ processes: [definition], store })
  const job = await runtime.start(definition)
  await settled()
  const cancelled = runtime.cancel(job.pid)
  await settled()
  open()
  await cancelled
  await settled()
  t.is((await runtime.get(job.pid))?.status, 'cancelled')
  t.deepEqual(ran, [])
})
