import test from 'ava'
import { tempDir } from '../temp-dir.ts'
import { soak } from './soak.ts'

test('hosts that are killed and stopped at random lose nothing and do nothing twice (15 s of the soak)', async t => {
  const { violations, kills, steps, processes, reads } = await soak(await tempDir(t), { seconds: 15, atLeast: 6 }, () => {})
  t.deepEqual(violations, [])
  t.true(kills >= 6, `only ${kills} kills`)
  t.true(steps > 300, `only ${steps} steps`)
  t.true(reads > 100, `only ${reads} reads`)
  t.log({ kills, steps, processes, reads })
})
