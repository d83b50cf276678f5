import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { crashWorld, until } from './world.ts'

/** Long enough for a host that looks twice a second to adopt what it takes for dead. */
const TEMPTATION_MS = 3_000

for (const [kind, name, hosts] of [
  ['lowdb', 'store', 'store/hosts'],
  ['sqlite', 'store.sqlite', 'store.sqlite-hosts'],
] as const) {
  test(`${kind}: a living host whose socket is deleted keeps what it has`, async t => {
    const world = await crashWorld(t, name)
    const folder = join(world.dir, '..', hosts)
    const [victim, heir] = await Promise.all([world.open('victim'), world.open('heir')])
    const [pid = ''] = await victim.ask('start', { name: 'stuck' })
    await world.until(pid, 'running', ({ status }) => status === 'running')
    const end = performance.now() + TEMPTATION_MS
    while (performance.now() < end) {
      rmSync(join(folder, `${victim.id}.sock`), { force: true })
      rmSync(join(folder, `${victim.id}.json`), { force: true })
      const info = await world.get(pid)
      t.is(info.host?.id, victim.id)
      t.is(info.host?.state, 'alive')
      await delay(20)
    }
    await until('the socket is there again', async () => readdirSync(folder).includes(`${victim.id}.sock`))
    await until('the host is there again', async () =>
      (await world.client.hosts()).find(({ id, state }) => id === victim.id && state === 'alive'),
    )
    t.deepEqual(await world.begun(), [[pid, 'work', 1, 'victim']])
    // Its processes are as safe as before: it is seen dead at once, and adopted once.
    await victim.die()
    await world.until(pid, 'finished', ({ status }) => status === 'finished')
    t.deepEqual(await world.begun(), [
      [pid, 'work', 1, 'victim'],
      [pid, 'work', 2, 'heir'],
    ])
    t.is((await world.client.hosts()).length, 1)
    await heir.die()
  })

  test(`${kind}: a host that is robbed stops at once, and goes on with the rest`, async t => {
    const world = await crashWorld(t, name)
    const victim = await world.open('victim', { recover: false })
    const pids = await victim.ask('start', { name: 'model', count: 20 })
    await world.until(pids[19]!, 'interrupted', ({ status }) => status === 'interrupted')
    const stuck = await victim.ask('start', { name: 'stuck', count: 5 })
    await world.until(stuck[4]!, 'running', ({ status }) => status === 'running')
    t.is(await world.client.adopt(victim.id, { force: true }), 25)
    const heir = await world.open('heir')
    await world.until(stuck[4]!, 'finished', ({ status }) => status === 'finished')
    // The victim can steer them still, through the store, and begin anew.
    for (const pid of pids) t.is(await victim.ask('proceed', pid), 'taken')
    for (const pid of pids) await world.until(pid, 'finished', ({ status }) => status === 'finished')
    const [next = ''] = await victim.ask('start', { name: 'model' })
    await world.until(next, 'interrupted', ({ status }) => status === 'interrupted')
    t.is((await world.get(next)).host?.id, victim.id)
    for (const pid of [...pids, ...stuck]) {
      const history = await world.client.history(pid)
      t.deepEqual(
        history.map(({ revision }) => revision),
        history.map((_, index) => index + 1),
      )
    }
    const begun = (await world.begun()).map(([pid, step, attempt]) => `${pid} ${step} ${attempt}`)
    t.is(new Set(begun).size, begun.length, 'no attempt runs twice')
    const published = (await world.begun()).filter(([, step]) => step === 'publish')
    t.deepEqual(new Set(published.map(([, , , host]) => host)), new Set(['heir']))
    await Promise.all([victim.die(), heir.die()])
  })
}
