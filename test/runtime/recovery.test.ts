import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { lowdbStore, openClient, type ProcessInfo } from 'stepwright'
import { createTestRuntime, TestClock } from 'stepwright/testing'
import { asking, queueing, retrying, sleeping, working } from '../hosts/recovery-processes.ts'
import { tempDir } from '../temp-dir.ts'

type Name = 'working' | 'retrying' | 'sleeping' | 'asking' | 'queueing' | 'unknown-to-the-next'
const host = join(import.meta.dirname, '../hosts/recovery-host.ts')
const known = [working, retrying, sleeping, asking, queueing]

/**
 * A store whose only host was killed in the middle of everything, and how its processes were then.
 */
async function afterDeath(t: ExecutionContext) {
  const dir = join(await tempDir(t), 'store')
  const child = fork(host, [dir], { execArgv: process.execArgv })
  const [pids] = (await once(child, 'message')) as [Record<Name, string>]
  child.kill('SIGKILL')
  await once(child, 'exit')
  const client = openClient(dir)
  t.teardown(() => client.close())
  const infos = {} as Record<Name, ProcessInfo>
  for (const [name, pid] of Object.entries(pids) as [Name, string][])
    infos[name] = (await client.get(pid)) as ProcessInfo
  const clock = new TestClock()
  clock.set(Date.now())
  return { dir, pids, infos, clock, client, now: async (name: Name) => (await client.get(pids[name])) as ProcessInfo }
}

test('any reader sees at once that the host is dead, and how far its processes were', async t => {
  const { infos, client, pids } = await afterDeath(t)
  for (const info of Object.values(infos)) t.is(info.host?.state, 'dead', info.name)
  t.like(infos.working, {
    status: 'running',
    steps: [{ status: 'finished' }, { status: 'running', attempt: 1, progress: { value: 1 } }],
  })
  t.like(infos.retrying, {
    status: 'running',
    steps: [{ status: 'waiting', attempt: 1, error: { message: 'the first attempt fails' } }],
  })
  t.like(infos.sleeping, { status: 'sleeping' })
  t.like(infos.asking, { status: 'interrupted', output: { draft: 1 } })
  t.like(infos.queueing, { status: 'pending', steps: [{ attempt: 0 }] })
  const stop = new AbortController()
  const result = t.throwsAsync(client.result(pids.working, { signal: stop.signal }), { message: 'enough' })
  stop.abort(new Error('enough'))
  await result
})

test('the next host goes on with all of them: at the same times, next attempt, same idempotency key', async t => {
  const { dir, pids, infos, clock, client, now } = await afterDeath(t)
  const waits = client.result(pids.working)
  const runtime = await createTestRuntime({ processes: known, store: lowdbStore(dir), clock })
  t.deepEqual(await waits, { attempt: 2, idempotencyKey: `${pids.working}:work` })
  t.deepEqual(await runtime.result(pids.queueing), { attempt: 1 })
  t.like(await now('working'), {
    recoveries: 1,
    startedAt: infos.working.startedAt,
    steps: [{ attempt: 1 }, { attempt: 2 }],
  })
  t.like(await now('queueing'), { recoveries: 0 })
  for (const name of ['retrying', 'sleeping', 'asking'] as const) {
    const info = await now(name)
    t.like(info, { status: infos[name].status, revision: infos[name].revision, host: { state: 'alive' } })
    t.is(info.steps[0]?.until, infos[name].steps[0]?.until)
  }
  const until = (name: Name) => Date.parse(infos[name].steps[0]?.until ?? '')
  await clock.advance(until('retrying') - 1 - clock.now())
  t.is((await now('retrying')).steps[0]?.status, 'waiting')
  await clock.advance(1)
  t.deepEqual(await runtime.result(pids.retrying), { attempt: 2, idempotencyKey: `${pids.retrying}:try` })
  await clock.advance(until('sleeping') - 1 - clock.now())
  t.is((await now('sleeping')).status, 'sleeping')
  await clock.advance(1)
  t.is(await runtime.result(pids.sleeping), 'awake')
  await runtime.proceed(pids.asking, { more: 2 })
  t.like(await now('asking'), { status: 'interrupted', output: { draft: 1, more: 2 } })
  await runtime.proceed(pids.asking)
  t.deepEqual(await runtime.result(pids.asking), { draft: 1, more: 2 })
  t.like(await now('unknown-to-the-next'), {
    status: 'sleeping',
    host: { state: 'dead' },
    revision: infos['unknown-to-the-next'].revision,
  })
  await runtime.close()
})

test('a waiting time that passed while nobody was there is over at once', async t => {
  const { dir, pids, clock } = await afterDeath(t)
  clock.set(clock.now() + 4 * 3_600_000)
  const runtime = await createTestRuntime({ processes: known, store: lowdbStore(dir), clock })
  await clock.advance(0)
  t.is(await runtime.result(pids.sleeping), 'awake')
  t.like(await runtime.result(pids.retrying), { attempt: 2 })
  await runtime.close()
})

test("with no recovery left, or recover: 'fail', they end in error", async t => {
  const { dir, pids, clock, now } = await afterDeath(t)
  const strict = await createTestRuntime({ processes: [working], store: lowdbStore(dir), clock, maxRecoveries: 0 })
  const error = await t.throwsAsync(strict.result(pids.working), { code: 'ERR_HOST_DIED' })
  t.like(error, { step: 'work', attempt: 1 })
  t.like(await now('working'), {
    status: 'error',
    steps: [{ status: 'finished' }, { status: 'error', progress: { value: 1 } }],
  })
  await strict.close()
  const failing = await createTestRuntime({ processes: known, store: lowdbStore(dir), clock, recover: 'fail' })
  for (const name of ['retrying', 'sleeping', 'asking', 'queueing'] as const)
    await t.throwsAsync(failing.result(pids[name]), { code: 'ERR_HOST_DIED' })
  await failing.close()
})

test('recover: false leaves them, for whoever comes next', async t => {
  const { dir, pids, clock, now } = await afterDeath(t)
  const idle = await createTestRuntime({ processes: known, store: lowdbStore(dir), clock, recover: false })
  t.like(await now('working'), { status: 'running', host: { state: 'dead' } })
  await idle.close()
  const next = await createTestRuntime({ processes: known, store: lowdbStore(dir), clock })
  t.like(await next.result(pids.working), { attempt: 2 })
  await next.close()
})
