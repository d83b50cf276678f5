import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'

const reminder = defineProcess({ name: 'reminder' })
  .sleep('wait', '7d')
  .step('remind', () => 'reminded')

test('a week passes in no time', async t => {
  const runtime = await createTestRuntime({ processes: [reminder] })
  const { pid } = await runtime.start(reminder)
  await runtime.until(pid, 'sleeping')
  await runtime.clock.advance('7d')
  t.is((await runtime.until(pid, 'finished')).output, 'reminded')
})

test('pids are the same in every run, and differ between the hosts of a store', async t => {
  const pids = async () => {
    const shared = { store: memoryStore(), clock: new TestClock() }
    const hosts = [
      await createTestRuntime({ processes: [reminder], ...shared }),
      await createTestRuntime({ processes: [reminder], ...shared }),
    ]
    const jobs = [await hosts[0]!.start(reminder), await hosts[1]!.start(reminder), await hosts[0]!.start(reminder)]
    for (const host of hosts) await host.close()
    return jobs.map(({ pid }) => pid)
  }
  const [one, two] = [await pids(), await pids()]
  t.deepEqual(one, two)
  t.is(new Set(one).size, 3)
})

test('until tells when a process has ended otherwise', async t => {
  const runtime = await createTestRuntime({ processes: [reminder] })
  const { pid } = await runtime.start(reminder)
  await runtime.until(pid, 'sleeping')
  const waits = t.throwsAsync(runtime.until(pid, 'finished'), { message: /cancelled.*finished/ })
  await runtime.cancel(pid)
  await waits
  await t.throwsAsync(
    runtime.until(pid, ({ status }) => status === 'running'),
    { message: /cancelled/ },
  )
})
