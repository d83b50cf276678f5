import test from 'ava'
import { defineProcess, type ProcessInfo, type StepContext } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'

/** A process whose only step hands its context out and waits. */
async function running() {
  const context = gate<StepContext>(),
    end = gate()
  const definition = defineProcess({ name: 'works' }).step('work', async given => {
    context.open(given as StepContext)
    await end.promise
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  return { runtime, job, end, definition, step: await context.promise }
}

const progressOf = (info: ProcessInfo | undefined) => info?.steps[0]?.progress

test('readers see progress, which is no transition and has revisions', async t => {
  const { runtime, job, step, end } = await running()
  const told: ProcessInfo[] = []
  job.subscribe(info => void told.push(info))
  step.progress(1, 10, 'reading')
  const info = await runtime.until(job.pid, ({ steps }) => steps[0]?.progress !== undefined)
  t.deepEqual(progressOf(info), { value: 1, total: 10, message: 'reading' })
  t.is(info.status, 'running')
  t.is(info.steps[0]?.status, 'running')
  t.deepEqual(told.map(progressOf), [{ value: 1, total: 10, message: 'reading' }])
  t.is((await runtime.history(job.pid)).at(-1)?.event.type, 'PROGRESS')
  end.open()
  await job.result()
})

test('at most ten lines a second, the newest one last, and kept after the end', async t => {
  const { runtime, job, step, end } = await running()
  for (let n = 1; n <= 1000; n++) {
    step.progress(n, 1000)
    await runtime.clock.advance(1)
  }
  const lines = (await runtime.history(job.pid)).filter(({ event }) => event.type === 'PROGRESS')
  t.true(lines.length >= 9 && lines.length <= 11, `${lines.length} lines in a second`)
  await runtime.clock.advance(100)
  t.deepEqual(progressOf(await runtime.get(job.pid)), { value: 1000, total: 1000 })
  step.progress(1001)
  step.progress(1002)
  end.open()
  await job.result()
  t.deepEqual(progressOf(await runtime.get(job.pid)), { value: 1002 })
  const { length } = await runtime.history(job.pid)
  step.progress(5)
  await runtime.clock.advance('1s')
  t.is((await runtime.history(job.pid)).length, length, 'a report after the end is dropped')
})

test('progress is kept when the process is cancelled, fails or times out', async t => {
  const cancelled = await running()
  cancelled.step.progress(1)
  cancelled.step.progress(2, 4)
  await cancelled.job.cancel()
  t.deepEqual(progressOf(await cancelled.runtime.get(cancelled.job.pid)), { value: 2, total: 4 })

  const failed = await running()
  failed.step.progress(3)
  failed.end.fail(new Error('x'))
  t.deepEqual(progressOf(await failed.runtime.until(failed.job.pid, 'error')), { value: 3 })

  const slow = defineProcess({ name: 'slow', timeout: '1s' }).step('work', async ({ progress }) => {
    progress(6)
    await new Promise(() => {})
  })
  const runtime = await createTestRuntime({ processes: [slow] })
  const job = await runtime.start(slow)
  await settled()
  await runtime.clock.advance('1s')
  t.deepEqual(progressOf(await runtime.until(job.pid, 'timeout')), { value: 6 })
})

test('a new attempt begins without progress', async t => {
  const second = gate()
  const definition = defineProcess({ name: 'twice' }).step(
    'work',
    async ({ attempt, progress }) => {
      if (attempt === 2) return second.promise
      progress(50)
      throw new Error('x')
    },
    { retry: { attempts: 2, delay: '1s' } },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition)
  t.deepEqual(progressOf(await runtime.until(job.pid, ({ steps }) => steps[0]?.status === 'waiting')), { value: 50 })
  await runtime.clock.advance('1s')
  const info = await runtime.until(job.pid, ({ steps }) => steps[0]?.attempt === 2)
  t.is(progressOf(info), undefined)
  second.open()
  await job.result()
})

test('a bad value is a TypeError inside the step', async t => {
  const { step, end, job } = await running()
  const progress = step.progress as (...args: unknown[]) => void
  for (const args of [['5'], [Number.NaN], [undefined], [1, '2'], [1, Infinity], [1, 2, 3]])
    t.throws(() => progress(...args), { instanceOf: TypeError, message: /received/ }, JSON.stringify(args))
  end.open()
  await job.result()
})
