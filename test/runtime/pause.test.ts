import { join } from 'node:path'
import test from 'ava'
import { defineProcess, lowdbStore, openClient, typed, type ProcessInfo } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { tempDir } from '../temp-dir.ts'
import { gate, settled } from './gate.ts'

const MINUTE = 60_000
const define = () => defineProcess({ name: 'mail', input: typed<number>() }).step('send', ({ data }) => data)
const ticking = (missed: 'skip' | 'once') =>
  defineProcess({ name: 'clean', schedule: { every: '10m', missed } }).step('work', () => 'done')

for (const [name, makeStore] of [
  ['memory', () => memoryStore()],
  ['lowdb', (dir: string) => lowdbStore(join(dir, 'store'))],
  ['sqlite', (dir: string) => sqliteStore(join(dir, 'store.sqlite'))],
] as const)
  test(`nothing of a paused definition begins, also after a restart: ${name}`, async t => {
    const [store, clock, definition] = [makeStore(await tempDir(t)), new TestClock(), define()]
    const other = defineProcess({ name: 'other' }).step('work', () => 'done')
    const host = () => createTestRuntime({ processes: [definition, other], store, clock, worker: true })
    const one = await host()
    const client = openClient(store)
    await client.pause('mail')
    const begun = await (async () => {
      // Hosts hear of a pause within a second.
      for (let n = 0; ; n++) {
        const job = await one.start(definition, n)
        await settled()
        if ((await client.get(job.pid))?.status === 'pending') return job
        await job.result()
      }
    })()
    const submitted = await client.submit('mail', 7)
    t.is(await (await one.start(other)).result(), 'done')
    t.like(await client.get(begun.pid), { status: 'pending', paused: true })
    t.like(await client.get(submitted), { status: 'pending', paused: true })
    await one.close()
    const two = await host()
    await settled()
    t.is((await client.get(begun.pid))?.status, 'pending')
    t.is((await client.get(submitted))?.status, 'pending')
    await client.resume('mail')
    t.is(typeof (await client.result(begun.pid)), 'number')
    t.is(await client.result(submitted), 7)
    t.deepEqual(await client.paused(), [])
    await two.close()
    await store.close()
  })

test('what has begun goes on; what waited for a slot does not begin, and leaves the slot to others', async t => {
  const go = gate()
  const blocker = defineProcess({ name: 'blocker' }).step('wait', () => go.promise)
  const [definition, other] = [define(), defineProcess({ name: 'other' }).step('work', () => 'done')]
  const runtime = await createTestRuntime({ processes: [blocker, definition, other], concurrency: 1 })
  const first = await runtime.start(blocker)
  const waiting = await Promise.all([1, 2].map(n => runtime.start(definition, n)))
  const cancelled = await runtime.start(definition, 3)
  await Promise.all([runtime.pause('blocker'), runtime.pause('mail')])
  await settled()
  go.open()
  await first.result()
  t.is(await (await runtime.start(other)).result(), 'done')
  for (const { pid } of waiting) t.is((await runtime.get(pid))?.status, 'pending')
  await cancelled.cancel()
  await runtime.resume('mail')
  t.deepEqual(await Promise.all(waiting.map(job => job.result())), [1, 2])
  t.is((await runtime.get(cancelled.pid))?.status, 'cancelled')
  t.deepEqual(
    (await runtime.paused()).map(({ name }) => name),
    ['blocker'],
  )
  await runtime.close()
})

const ticksOf = async (list: AsyncIterable<ProcessInfo>): Promise<string[]> =>
  (await Array.fromAsync(list)).map(({ labels }) => labels?.['tick']?.slice(11, 16) ?? '?').toSorted()

for (const missed of ['skip', 'once'] as const)
  test(`the ticks of a paused schedule are missed: ${missed}`, async t => {
    const [store, clock] = [memoryStore(), new TestClock()]
    const runtime = await createTestRuntime({ processes: [ticking(missed)], store, clock, retention: false })
    await clock.advance(11 * MINUTE)
    await runtime.pause('clean')
    await settled()
    t.true((await runtime.schedules())[0]?.paused)
    await clock.advance(33 * MINUTE)
    t.deepEqual(await ticksOf(runtime.list()), ['00:10'])
    await runtime.resume('clean')
    await settled()
    t.deepEqual(await ticksOf(runtime.list()), missed === 'once' ? ['00:10', '00:40'] : ['00:10'])
    await clock.advance(7 * MINUTE)
    t.is((await ticksOf(runtime.list())).at(-1), '00:50')
    await runtime.close()
  })

test('a schedule is run by hand, by a host that is no worker; while paused it waits', async t => {
  const runtime = await createTestRuntime({ processes: [ticking('skip')] })
  const pid = await runtime.runSchedule('clean')
  t.is(await runtime.result(pid), 'done')
  t.truthy((await runtime.get(pid))?.labels?.['tick'])
  await runtime.pause('clean')
  const later = await runtime.runSchedule('clean')
  await settled()
  t.is((await runtime.get(later))?.status, 'pending')
  await runtime.resume('clean')
  t.is(await runtime.result(later), 'done')
  await t.throwsAsync(runtime.runSchedule('nothing'), { code: 'ERR_UNKNOWN_SCHEDULE' })
  await t.throwsAsync(runtime.pause('Bad Name'), { instanceOf: TypeError, message: /name of pause\(\) must be/ })
  await runtime.close()
})

test('on the command line', async t => {
  const dir = join(await tempDir(t), 'store')
  const runtime = await createTestRuntime({ processes: [ticking('skip'), define()], store: lowdbStore(dir) })
  const run = (...argv: string[]) => runCli([...argv, '--store', dir])
  t.regex((await run('pause', 'clean')).stdout, /^clean paused since \d{4}-/)
  t.is(JSON.parse((await run('pause', '--json')).stdout).length, 1)
  t.regex((await run('schedules')).stdout, /clean +every 600s .*paused/)
  t.is((await run('resume', 'clean')).stdout, 'clean resumed\n')
  t.like(await run('resume', 'clean'), {
    status: 2,
    stderr: "stepwright: 'clean' is not paused. Nothing is\n",
  })
  t.is((await run('pause')).stderr, 'stepwright: nothing is paused\n')
  const pid = (await run('schedules', 'run', 'clean')).stdout.trim()
  t.is(await runtime.result(pid), 'done')
  t.is((await run('schedules', 'run')).status, 2)
  t.regex((await run('schedules', 'run', 'mail')).stderr, /No host of the store .* has known a schedule of 'mail'/)
  await run('pause', 'mail')
  const waiting = (await run('submit', 'mail', '--input', '1')).stdout.trim()
  t.regex((await run('show', waiting)).stdout, /paused +yes: see `stepwright resume mail`/)
  await runtime.close()
})
