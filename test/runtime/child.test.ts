import test from 'ava'
import { createRuntime, defineProcess, ProcessError, typed } from '../../src/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { createTestRuntime } from '../../src/testing/test-runtime.ts'
import { TestClock } from '../../src/testing/test-clock.ts'
import { aborted, gate, settled } from './gate.ts'

const kid = (name = 'kid') => defineProcess({ name, input: typed<{ n: number }>() })
const doubling = kid().step('double', ({ data }) => data.n * 2)
const begun = defineProcess({ name: 'parent', input: typed<{ n: number }>() })

test("a child has a pid and a journal of its own, is linked both ways, and its output is the step's", async t => {
  const definition = begun
    .process('twice', doubling, { input: ({ data }) => ({ n: data.n + 1 }) })
    .step('after', ({ data }) => `got ${data}`)
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, { n: 1 })
  t.is(await job.result(), 'got 4')
  const info = await runtime.get(job.pid)
  const child = info?.steps[0]?.child ?? ''
  t.like(info?.steps[0], { name: 'twice', kind: 'process', status: 'finished', attempt: 1 })
  t.like(await runtime.get(child), {
    name: 'kid',
    status: 'finished',
    input: { n: 2 },
    output: 4,
    parent: { pid: job.pid, step: 'twice' },
  })
})

test('with one slot a tree of parents and children still ends', async t => {
  const leaf = kid('leaf').step('x', ({ data }) => data)
  const middle = kid('middle').process('leaf', leaf).process('again', leaf)
  const root = kid('root')
    .process('middle', middle)
    .process('leaf', leaf)
    .step('end', ({ data }) => data.n)
  const runtime = await createTestRuntime({ processes: [root], concurrency: 1 })
  const jobs = await Promise.all([1, 2, 3].map(n => runtime.start(root, { n })))
  t.deepEqual(await Promise.all(jobs.map(job => job.result())), [1, 2, 3])
})

test('the failure of a child is the failure of the step', async t => {
  const bad = kid().step('break', () => Promise.reject(new RangeError('too far')))
  const definition = begun.process('child', bad)
  const runtime = await createTestRuntime({ processes: [definition] })
  const error = await t.throwsAsync((await runtime.start(definition, { n: 1 })).result(), {
    instanceOf: ProcessError,
    message: /child.*kid.*too far/,
  })
  t.is(error.step, 'child')
  t.like(error.cause, { name: 'ProcessError', cause: { name: 'RangeError', message: 'too far' } })
})

test('a child that was cancelled, and an input that does not fit, fail the step', async t => {
  const endless = kid().step('wait', ({ signal }) => aborted(signal).then(() => 1))
  const definition = begun.process('child', endless)
  const strict = defineProcess({
    name: 'strict',
    input: { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [{ message: 'never' }] }) } },
  }).step('x', () => 1)
  const unfit = defineProcess({ name: 'unfit' }).process('child', strict)
  const runtime = await createTestRuntime({ processes: [definition, unfit] })
  const job = await runtime.start(definition, { n: 1 })
  await settled(10)
  await runtime.cancel((await runtime.get(job.pid))?.steps[0]?.child ?? '', 'not this one')
  await t.throwsAsync(job.result(), { instanceOf: ProcessError, message: /not this one/ })
  await t.throwsAsync((await runtime.start(unfit)).result(), { message: /never/ })
})

for (const end of ['cancel', 'process timeout', 'step timeout'] as const)
  test(`the end of the parent by ${end} cancels its child, and the child's children`, async t => {
    const clock = new TestClock()
    const reason = gate<unknown>()
    const leaf = kid('leaf').step('wait', async ({ signal }) => {
      reason.open(await aborted(signal))
      return 1
    })
    const middle = kid('middle').process('leaf', leaf)
    const root = defineProcess({
      name: 'root',
      input: typed<{ n: number }>(),
      ...(end === 'process timeout' && { timeout: '1m' }),
    }).process('middle', middle, end === 'step timeout' ? { timeout: '1m' } : {})
    const runtime = await createTestRuntime({ processes: [root], clock })
    const job = await runtime.start(root, { n: 1 })
    await settled(20)
    const child = (await runtime.get(job.pid))?.steps[0]?.child ?? ''
    const grandchild = (await runtime.get(child))?.steps[0]?.child ?? ''
    if (end === 'cancel') await job.cancel('enough')
    else await clock.advance('1m')
    t.regex(String(await reason.promise), /Its parent .* has ended/)
    t.is((await runtime.until(grandchild, 'cancelled')).error?.message, `Its parent ${child} has ended`)
    t.is((await runtime.get(child))?.status, 'cancelled')
    t.is(
      (await runtime.get(job.pid))?.status,
      end === 'cancel' ? 'cancelled' : end === 'step timeout' ? 'error' : 'timeout',
    )
  })

test('a restarted parent finds the child it had', async t => {
  const clock = new TestClock()
  const store = memoryStore()
  const hold = gate()
  let starts = 0
  const slow = kid().step('wait', async ({ data, signal }) => {
    starts++
    await Promise.race([hold.promise, aborted(signal)])
    signal.throwIfAborted()
    return data.n
  })
  const definition = begun.process('child', slow)
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const { pid } = await first.start(definition, { n: 7 })
  await settled(10)
  await first.close()
  const second = await createTestRuntime({ processes: [definition], store, clock })
  hold.open()
  t.is(await second.result(pid), 7)
  const all = []
  for await (const info of second.list()) all.push(info)
  t.is(all.length, 2)
  t.is(starts, 2)
})

test('the end of a child that another host ran wakes the parent; a parent that ended elsewhere takes its child with it', async t => {
  const clock = new TestClock()
  const store = memoryStore()
  const hold = gate()
  const slow = kid().step('wait', async ({ data, signal }) => {
    await Promise.race([hold.promise, aborted(signal)])
    signal.throwIfAborted()
    return data.n
  })
  const definition = begun.process('child', slow)
  const first = await createTestRuntime({ processes: [definition], store, clock })
  const [one, two] = [await first.start(definition, { n: 1 }), await first.start(definition, { n: 2 })]
  await settled(10)
  await first.close()
  // One host knows children only, the other takes the parents.
  const children = await createTestRuntime({ processes: [slow], store, clock })
  const parents = await createTestRuntime({ processes: [definition], store, clock })
  const child = (await parents.get(two.pid))?.steps[0]?.child ?? ''
  t.not((await parents.get(one.pid))?.host?.id, (await parents.get(child))?.host?.id)
  await parents.cancel(two.pid)
  t.regex((await children.until(child, 'cancelled')).error?.message ?? '', /Its parent .* has ended/)
  hold.open()
  t.is(await parents.result(one.pid), 1)
})

test('children are deleted with their root, and are kept as long as it is', async t => {
  const runtime = await createTestRuntime({ processes: [begun.process('child', doubling)] })
  const definition = begun.process('child', doubling)
  const other = await createTestRuntime({ processes: [definition] })
  const job = await other.start(definition, { n: 1 })
  await job.result()
  const child = (await other.get(job.pid))?.steps[0]?.child ?? ''
  await other.delete(job.pid)
  t.is(await other.get(child), undefined)
  await runtime.close()
})

test('in the caller the child is executed too', async t => {
  const definition = begun.process('child', doubling).step('after', ({ data }) => data + 1)
  t.is(await definition.run({ n: 2 }), 5)
  const bad = begun.process(
    'child',
    kid().step('break', () => Promise.reject(new Error('no'))),
  )
  t.is(
    (
      await t.throwsAsync(bad.run({ n: 1 }), {
        instanceOf: ProcessError,
        message: /Step 'child' of process 'parent' failed: .*no/,
      })
    ).step,
    'child',
  )
  const pausing = begun.process('child', kid().interrupt('wait'))
  await t.throwsAsync(pausing.run({ n: 1 }), { instanceOf: TypeError, message: /step 'wait' waits for proceed/ })
})

test('wrong definitions are refused; a child need not be given, but not two of one name and version', async t => {
  t.throws(() => begun.process('child', {} as never), { instanceOf: TypeError, message: /must be what defineProcess/ })
  t.throws(() => begun.process('child', doubling, { retry: 3 } as never), {
    instanceOf: TypeError,
    message: /unknown key 'retry'/,
  })
  const another = kid().step('other', () => 1)
  await t.throwsAsync(createRuntime({ processes: [begun.process('child', doubling), another], store: memoryStore() }), {
    instanceOf: TypeError,
    message: /'kid' version '1' is given twice/,
  })
  const runtime = await createRuntime({ processes: [begun.process('child', doubling), doubling], store: memoryStore() })
  await runtime.close()
  const needy = begun.process(
    'child',
    kid().step('x', {
      class: class {
        execute() {
          return 1
        }
      },
      services: ['db'],
    } as never),
  )
  await t.throwsAsync(createRuntime({ processes: [needy], store: memoryStore() } as never), {
    instanceOf: TypeError,
    message: /'kid' needs 'db'/,
  })
  await t.throwsAsync(needy.run({ n: 1 } as never), { instanceOf: TypeError, message: /db/ })
})
