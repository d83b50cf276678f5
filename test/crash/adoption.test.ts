import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { createRuntime, lowdbStore, type ProcessInfo } from 'stepwright'
import { createTestRuntime, TestClock } from 'stepwright/testing'
import { crashDefinitions } from '../hosts/crash-processes.ts'
import type { Host } from './host.ts'
import { crashWorld, until } from './world.ts'

type World = Awaited<ReturnType<typeof crashWorld>>

const all = ({ client }: World): Promise<ProcessInfo[]> =>
  Array.fromAsync(
    client.list({
      onCorrupt: ({ error }) => {
        throw error
      },
    }),
  )

/** A host with so many processes of each kind of wait, each of them where it waits. */
async function withWaits(world: World, host: Host, count: number): Promise<void> {
  for (const name of ['napping', 'asking', 'retrying', 'stuck']) await host.ask('start', { name, count })
  await until('all wait', async () => {
    const infos = await all(world)
    return (
      infos.every(
        ({ status, steps }) =>
          status !== 'pending' && (status !== 'running' || ['waiting', 'running'].includes(steps[0]?.status ?? '')),
      ) && (await world.begun()).length === 2 * count
    )
  })
}

test('of several living hosts, one of which is stopped, each process goes to exactly one, within two seconds', async t => {
  const world = await crashWorld(t)
  const [victim, stopped, ...heirs] = await Promise.all(
    ['victim', 'stopped', 'heir1', 'heir2', 'heir3'].map(name => world.open(name)),
  )
  if (!victim || !stopped) return t.fail()
  await withWaits(world, victim, 15)
  const before = new Map((await all(world)).map(info => [info.pid, info]))
  stopped.kill('SIGSTOP')
  const killed = performance.now()
  await victim.die()
  const taken = await until('all are taken', async () => {
    const infos = await all(world)
    // The victim counts as alive for 50 ms: so long its last answer is remembered.
    return infos.every(({ host }) => host === undefined || heirs.some(({ id }) => id === host.id)) && infos
  })
  const ms = performance.now() - killed
  t.log(`adopted after ${ms.toFixed(0)} ms`)
  t.true(ms < 60_000, `${ms} ms: two seconds on a machine that is not busy`)
  t.is(taken.length, before.size)
  for (const { pid, name } of taken) {
    if (name === 'stuck') t.deepEqual(await world.client.result(pid), { attempt: 2 })
    const now = await world.get(pid)
    // A wait that goes on is no event: nothing has happened to the process.
    if (name !== 'stuck')
      t.like(now, {
        revision: before.get(pid)?.revision,
        recoveries: 0,
        steps: [{ until: before.get(pid)?.steps[0]?.until }],
      })
  }
  const attempts = (await world.begun()).map(([pid, step, attempt]) => `${pid} ${step} ${attempt}`)
  t.is(new Set(attempts).size, attempts.length, 'no attempt twice')
  t.is(attempts.length, 45)
})

test('adopters that are killed half-way leave a job that the next one finishes', async t => {
  const world = await crashWorld(t)
  const victim = await world.open('victim', { concurrency: 1_000 })
  await withWaits(world, victim, 60)
  const before = new Map((await all(world)).map(info => [info.pid, info]))
  const dead = [victim.id]
  await victim.die()
  for (const dieAt of [
    { taken: 1, when: 'before' },
    { taken: 1, when: 'after' },
    { taken: 100, when: 'before' },
    { taken: 150, when: 'after' },
  ] as const) {
    await t.throwsAsync(world.open('half-way', { dieAt }))
    const infos = await all(world)
    t.is(infos.length, before.size)
    t.true(infos.every(({ host }) => host?.state === 'dead'))
    dead.push(...infos.flatMap(({ host }) => host?.id ?? []))
  }
  t.true(new Set(dead).size >= 3, 'what they took is theirs')
  const heir = await createRuntime({
    processes: Object.values(crashDefinitions(world.effects, 'heir')),
    store: lowdbStore(world.dir),
    concurrency: 1_000,
  })
  for (const { pid, name } of before.values()) if (name === 'stuck') t.deepEqual(await heir.result(pid), { attempt: 2 })
  const after = await all(world)
  t.is(after.length, before.size)
  for (const info of after)
    if (info.name !== 'stuck')
      t.like(info, {
        status: before.get(info.pid)?.status,
        revision: before.get(info.pid)?.revision,
        host: { state: 'alive' },
      })
    else t.is(info.recoveries, 1, 'who died before he began to run it has not died under it')
  t.is((await world.begun()).length, 180)
  t.is(
    (await readdir(join(world.dir, 'hosts'))).filter(name => name.endsWith('.json')).length,
    1,
    'the dead are buried',
  )
  await heir.close()
})

test('a process whose definition nobody knows stays visible and waits, until a host comes that does', async t => {
  const world = await crashWorld(t)
  const [victim, stranger] = await Promise.all([world.open('victim'), world.open('stranger', { without: 'napping' })])
  const [pid = ''] = await victim.ask('start', { name: 'napping' })
  const [known = ''] = await victim.ask('start', { name: 'asking' })
  await world.until(pid, 'asleep', ({ status }) => status === 'sleeping')
  const seen = await world.get(pid)
  await victim.die()
  await world.until(known, 'taken up', ({ host }) => host?.id === stranger.id)
  t.like(await world.get(pid), { status: 'sleeping', host: { id: victim.id, state: 'dead' }, revision: seen.revision })
  const heir = await world.open('heir')
  t.like(await world.get(pid), { status: 'sleeping', host: { id: heir.id, state: 'alive' }, revision: seen.revision })
})

test("recover: 'fail' ends what a host that died left, recover: false leaves it, while they run", async t => {
  const world = await crashWorld(t)
  const [victim, ,] = await Promise.all([
    world.open('victim'),
    world.open('failing', { recover: 'fail', without: 'asking' }),
    world.open('idle', { recover: false }),
  ])
  const ends = (await Promise.all(['napping', 'stuck', 'retrying'].map(name => victim.ask('start', { name })))).flat()
  const [left = ''] = await victim.ask('start', { name: 'asking' })
  await until(
    'all wait',
    async () => (await world.begun()).length === 2 && (await world.get(left)).status === 'interrupted',
  )
  await victim.die()
  for (const pid of ends) await t.throwsAsync(world.client.result(pid), { code: 'ERR_HOST_DIED', message: /died/ })
  t.like(await world.get(left), { status: 'interrupted', host: { state: 'dead' } })
})

test('a deployment that kills the host ten times harms nobody who waits', async t => {
  const world = await crashWorld(t)
  const first = await world.open('host0')
  const pids = (await Promise.all(['napping', 'asking', 'retrying'].map(name => first.ask('start', { name })))).flat()
  const waits = () => Promise.all(pids.map(world.get))
  await until('all wait', async () => (await waits()).every(({ steps }) => steps[0]?.until !== undefined))
  const before = await waits()
  // Each next one is being started while the one before is killed, as deployments do.
  let host = first
  for (let n = 1; n <= 10; n++) {
    const next = world.open(`host${n}`)
    await host.die()
    host = await next
    await until('the next one has all', async () => (await waits()).every(info => info.host?.id === host.id))
  }
  await host.die()
  for (const [index, { revision, steps, status }] of (await waits()).entries())
    t.like(before[index], { revision, status, steps: [{ until: steps[0]?.until, attempt: 1 }] })
  const clock = new TestClock()
  clock.set(Date.now())
  const last = await createTestRuntime({
    processes: Object.values(crashDefinitions(world.effects, 'last')),
    store: lowdbStore(world.dir),
    clock,
  })
  const [napping = '', asking = '', retrying = ''] = pids
  const untilOf = (index: number) => Date.parse(before[index]?.steps[0]?.until ?? '')
  await clock.advance(untilOf(2) - clock.now())
  await clock.advance(untilOf(0) - clock.now())
  t.is(await last.result(napping), 'awake')
  t.deepEqual(await last.result(retrying), { attempt: 2 })
  await last.proceed(asking, 'at last')
  t.is(await last.result(asking), 'at last')
  const events = await Promise.all(pids.map(async pid => (await last.history(pid)).map(({ event }) => event.type)))
  t.deepEqual(events, [
    ['CREATE', 'START', 'WAKE', 'DONE'],
    ['CREATE', 'START', 'PROCEED'],
    ['CREATE', 'START', 'FAIL', 'RETRY', 'DONE'],
  ])
  const woken = (await last.history(napping)).find(({ event }) => event.type === 'WAKE')
  t.is(woken?.updatedAt, before[0]?.steps[0]?.until)
  t.is((await world.begun()).length, 3)
  await last.close()
})
