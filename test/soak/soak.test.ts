import test from 'ava'
import { installedPostgres } from '../postgres/server.ts'
import { tempDir } from '../temp-dir.ts'
import { PARTS } from './parts.ts'
import { soak } from './soak.ts'
import { startTroubledServer } from './trouble.ts'

test('hosts that are killed and stopped at random lose nothing and do nothing twice (15 s of the soak)', async t => {
  t.timeout(10 * 60_000)
  const { seed, violations, kills, steps, stepsByPart, processes, reads } = await soak(
    await tempDir(t),
    { seconds: 15, atLeast: 6 },
    () => {},
  )
  t.deepEqual(violations, [], `with the definitions of --seed ${seed}`)
  t.true(kills >= 6, `only ${kills} kills`)
  t.true(steps > 300, `only ${steps} steps`)
  t.deepEqual(
    Object.keys(PARTS).filter(part => stepsByPart[part] === undefined),
    [],
    'parts without a step that finished',
  )
  t.true(reads > 100, `only ${reads} reads`)
  t.log({ seed, kills, steps, processes, reads })
})

if (installedPostgres() === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  test('neither do they on PostgreSQL, whose sessions are terminated and whose server is killed meanwhile (12 s of the soak)', async t => {
    t.timeout(10 * 60_000)
    const server = await startTroubledServer({ killEveryMs: 6_000 })
    t.teardown(() => server.stop())
    const { seed, violations, kills, steps } = await soak(
      await tempDir(t),
      { seconds: 12, atLeast: 4, store: server.url, trouble: server },
      () => {},
    )
    t.deepEqual(violations, [], `with the definitions of --seed ${seed}`)
    t.true(kills >= 4, `only ${kills} kills`)
    t.true(steps > 30, `only ${steps} steps`)
    t.true(server.counts.serverKills > 0 && server.counts.terminatedSessions > 0, JSON.stringify(server.counts))
    t.log({ seed, kills, steps, ...server.counts })
  })
