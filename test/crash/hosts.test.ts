import { spawnSync } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import { createRuntime, lowdbStore, openClient } from 'stepwright'
import { crashDefinitions } from '../hosts/crash-processes.ts'
import { hostWorker, type Host, type HostOptions } from './host.ts'
import { crashWorld, until } from './world.ts'

type World = Awaited<ReturnType<typeof crashWorld>>

/**
 * How long a reader that looks all the time takes to see that a host is dead, after the system has
 * said that it is gone.
 */
async function noticed({ client, dir }: World, t: ExecutionContext, host: Host, pid: string): Promise<void> {
  await host.exited
  const gone = performance.now()
  const fresh = openClient(dir)
  t.is((await fresh.get(pid))?.host?.state, 'dead', 'a reader that looks for the first time')
  await fresh.close()
  await until('the host is seen dead', async () => (await client.get(pid))?.host?.state === 'dead')
  const ms = performance.now() - gone
  t.log(`noticed after ${ms.toFixed(0)} ms`)
  // What a busy machine allows; `npm run figures` measures.
  t.true(ms < 3_000, `${ms} ms`)
}

const DEATHS: readonly { how: string; death?: 'exit' | 'memory'; options?: HostOptions }[] = [
  { how: 'SIGKILL' },
  { how: 'process.exit inside a step', death: 'exit' },
  { how: 'running out of memory', death: 'memory', options: { execArgv: ['--max-old-space-size=30'], quiet: true } },
]
for (const { how, death, options } of DEATHS)
  test(`${how}: a reader sees the host dead at once, another host goes on`, async t => {
    const world = await crashWorld(t)
    const host = await world.open('victim', {}, options)
    const [pid = ''] = await host.ask('start', death ? { name: 'dying', input: { death } } : { name: 'stuck' })
    if (death === undefined) {
      await world.until(pid, 'running', ({ status }) => status === 'running')
      t.is((await world.get(pid)).host?.state, 'alive')
      host.kill()
    }
    await noticed(world, t, host, pid)
    const heir = await createRuntime({
      processes: Object.values(crashDefinitions(world.effects, 'heir')),
      store: lowdbStore(world.dir),
    })
    await heir.result(pid)
    t.like(await world.get(pid), { status: 'finished', recoveries: 1, steps: [{ attempt: 2 }] })
    await heir.close()
  })

test('the end of a worker thread is the end of the host in it, and of no other in that process', async t => {
  const world = await crashWorld(t)
  const worker = await hostWorker(t).open({ dir: world.dir, effects: world.effects, host: 'worker' })
  const neighbour = await createRuntime({ processes: [], store: lowdbStore(world.dir) })
  const [pid = ''] = await worker.ask('start', { name: 'stuck' })
  await world.until(pid, 'running', ({ status }) => status === 'running')
  t.like((await world.get(pid)).host, { osPid: process.pid, state: 'alive', id: worker.id })
  worker.kill()
  await noticed(world, t, worker, pid)
  t.true((await world.client.hosts()).some(({ state, osPid }) => state === 'alive' && osPid === process.pid))
  await neighbour.close()
})

/**
 * A host that dies at the same time, and whose process is taken up: whoever took that one had the
 * chance to take others too.
 */
async function witness(world: World): Promise<() => Promise<void>> {
  const host = await world.open('witness')
  const [pid = ''] = await host.ask('start', { name: 'napping' })
  await world.until(pid, 'asleep', ({ status }) => status === 'sleeping')
  return async () => {
    await host.die()
    await world.until(pid, 'taken up', info => info.host?.id !== host.id && info.host?.state === 'alive')
  }
}

for (const way of ['in a busy loop', 'stopped'] as const)
  test(`a host that is ${way} is unresponsive and is not robbed`, async t => {
    const world = await crashWorld(t)
    const [host, heir] = await Promise.all([world.open('busy'), world.open('heir')])
    const dies = await witness(world)
    const pid =
      (
        await host.ask('start', way === 'stopped' ? { name: 'stuck' } : { name: 'blocking', input: { blockMs: 4_000 } })
      )[0] ?? ''
    await until('its step begins', async () => (await world.begun()).some(([one]) => one === pid))
    if (way === 'stopped') host.kill('SIGSTOP')
    const seen = await world.until(pid, 'with a host that does not answer', info => info.host?.state === 'unresponsive')
    t.like(seen, { status: 'running', host: { id: host.id } })
    await dies()
    t.is((await world.client.get(pid))?.host?.id, host.id)
    if (way === 'stopped') {
      host.kill('SIGCONT')
      await world.until(pid, 'with a host that answers', info => info.host?.state === 'alive')
      t.like(await world.get(pid), { status: 'running', recoveries: 0, host: { id: host.id } })
      await host.ask('cancel', pid)
    } else t.deepEqual(await world.client.result(pid), { attempt: 1 })
    t.is((await world.begun()).filter(([one]) => one === pid).length, 1)
    await Promise.all([host.die(), heir.die()])
  })

test('a hot reload that forgot to close: the forgotten runtime lives and keeps its processes, the new one works beside it', async t => {
  const world = await crashWorld(t)
  const dies = await witness(world)
  const store = () => lowdbStore(world.dir)
  const before = crashDefinitions(world.effects, 'before'),
    after = crashDefinitions(world.effects, 'after')
  const forgotten = await createRuntime({ processes: [before.stuck, before.asking], store: store() })
  const running = await forgotten.start(before.stuck)
  const asking = await forgotten.start(before.asking)
  await world.until(asking.pid, 'interrupted', ({ status }) => status === 'interrupted')
  const [owner] = (await forgotten.hosts()).filter(({ osPid }) => osPid === process.pid)
  const fresh = await createRuntime({ processes: Object.values(after), store: store() })
  await dies()
  for (const { pid } of [running, asking]) t.like((await world.get(pid)).host, { id: owner?.id, state: 'alive' })
  const own = await fresh.start(after.asking)
  await own.proceed('by the new one')
  t.is(await own.result(), 'by the new one' as never)
  await asking.proceed('by the old one')
  t.is(await fresh.result(asking.pid), 'by the old one')
  // Closed at last, it hands over what it still has.
  const closing = forgotten.close({ within: 0 })
  await closing
  t.is((await world.client.hosts()).filter(({ state }) => state === 'alive').length, 2, 'its step is still under way')
  await fresh.close()
})

const unshare = ['unshare', '-pf', '--mount-proc', '--kill-child=SIGKILL'] as const
const [unshareCommand, ...unshareArgs] = unshare
const mayUnshare = spawnSync(unshareCommand, [...unshareArgs, 'true']).status === 0

test('hosts in PID namespaces of their own, where all have the same process id, share a store', async t => {
  if (!mayUnshare) {
    t.log('skipped: unshare is not permitted here')
    t.pass()
    return
  }
  const world = await crashWorld(t)
  const [one, two] = await Promise.all(['one', 'two'].map(name => world.open(name, {}, { under: unshare })))
  if (!one || !two) return t.fail()
  const hosts = (await world.client.hosts()).toSorted((a, b) => (a.id === one.id ? -1 : b.id === one.id ? 1 : 0))
  t.deepEqual(
    hosts.map(({ osPid, state }) => [osPid, state]),
    [
      [1, 'alive'],
      [1, 'alive'],
    ],
  )
  const pids = [...(await one.ask('start', { name: 'stuck' })), ...(await two.ask('start', { name: 'stuck' }))]
  const [pid = '', other = ''] = pids
  await until('both begin', async () => (await world.begun()).length === 2)
  // Each sees the other alive by its socket, though no process of that id is anywhere near.
  await one.die()
  await world.until(pid, 'finished elsewhere', ({ status }) => status === 'finished')
  t.like(await world.get(pid), { recoveries: 1, output: { attempt: 2 } })
  t.like(await world.get(other), { status: 'running', recoveries: 0, host: { id: two.id, state: 'alive' } })
  t.deepEqual((await world.begun()).map(([, , attempt, host]) => `${host} ${attempt}`).toSorted(), [
    'one 1',
    'two 1',
    'two 2',
  ])
})
