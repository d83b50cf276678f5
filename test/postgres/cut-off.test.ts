import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { createRuntime, defineProcess, openClient, typed } from '../../src/index.ts'
import { SERVER_WAITS_MS } from '../../src/store/postgres/client.ts'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import { postgresUrl } from './postgres.ts'
import { openProxy } from './proxy.ts'
import { makePostgresStore, schemaOf } from './store.ts'

const url = await postgresUrl()

if (url === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  test('a host that is cut off stops its work before another begins, writes nothing afterwards, and comes back', async t => {
    const tried = (await makePostgresStore())!
    const schema = schemaOf(tried.store)
    const proxy = await openProxy(url)
    const events: string[] = []
    const definition = (who: string) =>
      defineProcess({ name: 'long', input: typed<number>() }).step('work', async ({ attempt, signal }) => {
        events.push(`${who} begins`)
        if (attempt > 1) return who
        await delay(60_000, undefined, { signal }).catch(() => events.push(`${who} is told to stop`))
        signal.throwIfAborted()
        return who
      })
    const [first, second] = [definition('first'), definition('second')]
    const cutOff = await createRuntime({
      processes: [first],
      store: postgresStore(proxy.url, { schema }),
      retention: false,
    })
    const heir = await createRuntime({ processes: [second], store: postgresStore(url, { schema }), retention: false })
    const client = openClient(tried.open())
    const job = await cutOff.start(first, 1)
    while (!events.includes('first begins')) await delay(10)

    proxy.silence()
    const silentAt = performance.now()
    // What the kernel of the server's machine does once its time is over.
    setTimeout(() => proxy.giveUp(), SERVER_WAITS_MS)
    t.is(await client.result(job.pid), 'second')
    t.true(performance.now() - silentAt < 25_000)
    t.deepEqual(events, ['first begins', 'first is told to stop', 'second begins'])
    const before = await client.history(job.pid)
    proxy.heal()
    // It hears of it, follows the process to where it went, and can be used again.
    t.is(await job.result(), 'second')
    t.is(await (await cutOff.start(first, 2, { timeout: '1s' })).result().catch(() => 'timed out'), 'timed out')
    t.deepEqual(await client.history(job.pid), before)
    t.true((await client.hosts()).every(({ state }) => state === 'alive'))
    await Promise.all([cutOff.close(), heir.close(), client.close()])
    await proxy.close()
    await tried.cleanup()
  })
