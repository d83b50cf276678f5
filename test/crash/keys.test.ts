import test from 'ava'
import { tempDir } from '../temp-dir.ts'
import { claimStorm } from './claim-storm.ts'

test('two hosts that claim 10,000 keys at the same time agree on each, also when one of them is killed', async t => {
  // Seconds; longer where the disk has other things to do.
  t.timeout(600_000)
  const faults = await claimStorm(await tempDir(t), { keys: 10_000, kills: 8 })
  t.deepEqual(faults.slice(0, 20), [])
})
