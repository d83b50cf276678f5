import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { openClient } from '../../src/index.ts'
import { SERVER_WAITS_MS } from '../../src/store/postgres/client.ts'
import { hostProcess } from '../crash/host.ts'
import { until } from '../crash/world.ts'
import { tempDir } from '../temp-dir.ts'
import { postgresUrl } from './postgres.ts'
import { makePostgresStore, schemaOf } from './store.ts'

const url = await postgresUrl()
/** Longer than the server waits for a network that is gone. */
const STOPPED_MS = SERVER_WAITS_MS + 2_000

if (url === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  test('a host that is stopped for 8 seconds is not robbed, while a dead one is', async t => {
    const tried = (await makePostgresStore())!
    const order = { dir: `${url}?schema=${schemaOf(tried.store)}`, effects: join(await tempDir(t), 'effects') }
    const client = openClient(tried.open())
    const hosts = ['stopped', 'witness', 'heir'].map(host => hostProcess(t).open({ ...order, host }))
    const [stopped, witness, heir] = (await Promise.all(hosts)) as [
      Awaited<(typeof hosts)[0]>,
      ...Awaited<(typeof hosts)[0]>[],
    ]
    const [kept = ''] = await stopped.ask('start', { name: 'stuck' })
    const [left = ''] = await witness!.ask('start', { name: 'napping' })
    for (const [pid, status] of [
      [kept, 'running'],
      [left, 'sleeping'],
    ] as const)
      for await (const info of client.watch(pid)) if (info.status === status) break

    stopped.kill('SIGSTOP')
    // It is stopped for as long as that, on purpose.
    await delay(STOPPED_MS)
    // Whoever took this one up had the chance to take the other one too.
    await witness!.die()
    await until('the process of the dead host is taken up', async () => (await client.get(left))?.host?.id === heir!.id)
    t.like(await client.get(kept), { status: 'running', recoveries: 0, host: { id: stopped.id, state: 'alive' } })

    stopped.kill('SIGCONT')
    await stopped.ask('cancel', kept)
    t.like(await client.get(kept), { status: 'cancelled', recoveries: 0, steps: [{ attempt: 1 }] })
    await Promise.all([stopped.die(), heir!.die()])
    await client.close()
    await tried.cleanup()
  })
