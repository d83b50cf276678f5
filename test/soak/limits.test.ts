import test from 'ava'
import { tempDir } from '../temp-dir.ts'
import { soakLimits } from './limits.ts'

test('hosts that are killed and stopped at random never run more of a key than its limit allows, nor begin more than a rate', async t => {
  t.timeout(5 * 60_000)
  const { violations, kills, stops, processes, most } = await soakLimits(await tempDir(t), {
    seconds: 5,
    rate: '60/1s',
  })
  t.deepEqual(violations, [])
  t.true(kills + stops > 2)
  t.true(processes > 50)
  t.is(most, 2, 'the limit was reached')
})
