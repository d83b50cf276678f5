import test from 'ava'
import { createRuntime, defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'

const first = defineProcess({ name: 'report', version: '1', input: typed<{ n: number }>(), timeout: '1h' })
  .step('collect', ({ data }) => ({ rows: data.n }))
  .interrupt('check')
  .step('write', ({ data }) => ({ file: `${data.rows} rows` }))

/** A process of the first version that waits, left by its host. */
async function left(t: { is(a: unknown, b: unknown): void }) {
  const store = memoryStore()
  const old = await createTestRuntime({ processes: [first], store })
  const { pid } = await old.start(first, { n: 3 })
  t.is((await old.until(pid, 'interrupted')).output !== undefined, true)
  await old.close()
  return { store, pid }
}

test('migrate says where a process of an older version goes on, and with what', async t => {
  const { store, pid } = await left(t)
  const asked: unknown[] = []
  const second = defineProcess({
    name: 'report',
    version: '2',
    input: typed<{ n: number }>(),
    migrate(old) {
      asked.push(old)
      return { step: 'print', data: { lines: (old.data as { rows: number }).rows } }
    },
  })
    .step('gather', ({ data }) => ({ lines: data.n }))
    .step('print', ({ data, attempt }) => ({ printed: data.lines, attempt }), { retry: 2 })
  const runtime = await createTestRuntime({ processes: [second], store })
  t.deepEqual(await runtime.result(pid), { printed: 3, attempt: 1 })
  t.deepEqual(asked[0], { pid, version: '1', step: 'check', data: { rows: 3 }, input: { n: 3 } })
  const info = await runtime.get(pid)
  t.is(info?.version, '2')
  t.deepEqual(
    info?.steps.map(({ name, status }) => [name, status]),
    [
      ['gather', 'pending'],
      ['print', 'finished'],
    ],
  )
  t.deepEqual(
    (await runtime.history(pid)).map(({ version }) => version),
    ['1', '1', '1', '2', '2'],
  )
  await runtime.close()
})

test('without migrate, or when it says no or goes wrong, an old process stays as it is', async t => {
  const { store, pid } = await left(t)
  const before = await store.get(pid)
  const migrations = [
    undefined,
    () => undefined,
    () => {
      throw new Error('no idea')
    },
    () => ({ step: 'nowhere' }),
  ]
  for (const migrate of migrations) {
    const runtime = await createRuntime({
      processes: [defineProcess({ name: 'report', version: '2', migrate }).step('print', () => 1)],
      store,
    })
    t.deepEqual(await store.get(pid), before)
    await runtime.close()
  }
})

test('the same version with a step more goes on, and shows the step', async t => {
  const { store, pid } = await left(t)
  const longer = defineProcess({ name: 'report', version: '1', input: typed<{ n: number }>(), timeout: '1h' })
    .step('collect', ({ data }) => ({ rows: data.n }))
    .interrupt('check')
    .step('write', ({ data }) => ({ file: `${data.rows} rows` }))
    .step('send', ({ data }) => `sent ${data.file}`)
  const runtime = await createTestRuntime({ processes: [longer], store })
  await runtime.proceed(pid)
  t.is(await runtime.result(pid), 'sent 3 rows')
  t.deepEqual(
    (await runtime.get(pid))?.steps.map(({ name }) => name),
    ['collect', 'check', 'write', 'send'],
  )
  await runtime.close()
})
