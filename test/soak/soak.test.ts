import test from 'ava'
import { tempDir } from '../temp-dir.ts'
import { PARTS } from './parts.ts'
import { soak } from './soak.ts'

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
