import test from 'ava'
import { defineProcess, openClient } from '../../src/index.ts'
import { systemClock, type Clock } from '../../src/record/clock.ts'
import { createPid } from '../../src/record/pid.ts'
import { openRuntime } from '../../src/runtime/create-runtime.ts'
import { postgresUrl } from './postgres.ts'
import { makePostgresStore } from './store.ts'

const HOUR = 3_600_000
const SLEEP_MS = 1_500

/** The clock of a machine that is off by so much. */
const offBy = (ms: number): Clock => ({ ...systemClock, now: () => systemClock.now() + ms })

if ((await postgresUrl()) === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else {
  test('hosts whose clocks are an hour ahead and an hour behind share the time of their store', async t => {
    const tried = (await makePostgresStore())!
    const napping = defineProcess({ name: 'napping' })
      .step('begin', () => 1)
      .sleep('rest', SLEEP_MS)
      .step('end', ({ data }) => data)
    const open = (offMs: number) =>
      openRuntime(
        { processes: [napping], store: tried.open(), retention: false },
        { clock: offBy(offMs), createPid, yieldLoop: () => undefined },
      )
    const client = openClient(tried.open())
    for (const [first, second] of [
      [HOUR, -HOUR],
      [-HOUR, HOUR],
    ] as const) {
      const startedAt = Date.now()
      const before = await open(first)
      const { pid } = await before.runtime.start(napping)
      for await (const { status } of client.watch(pid)) if (status === 'sleeping') break
      // Released, and waited for by the other one.
      await before.runtime.close()
      const after = await open(second)
      await after.runtime.result(pid)
      const endedAt = Date.now()
      t.true(endedAt - startedAt >= SLEEP_MS && endedAt - startedAt < SLEEP_MS + 30_000, `${endedAt - startedAt} ms`)
      const records = (await tried.store.history(pid))!
      const times = records.map(({ at }) => at)
      t.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      // A tenth of a second for the round trip of the measurement.
      t.true(
        times[0]! > startedAt - 100 && times.at(-1)! < endedAt + 100,
        JSON.stringify({ startedAt, times, endedAt }),
      )
      t.is(records.at(-1)!.recoveries, 0)
      await after.runtime.close()
    }
    await client.close()
    await tried.cleanup()
  })

  test('who submits a process dates it by the time of the store', async t => {
    const tried = (await makePostgresStore())!
    const store = Object.assign(tried.open(), { time: async () => 1_800_000_000_000 })
    const client = openClient(store)
    t.is((await client.get(await client.submit('anything')))?.createdAt, new Date(1_800_000_000_000).toISOString())
    await tried.cleanup()
  })
}
