import test from 'ava'
import { systemClock } from '../../src/runtime/clock.ts'
import { gate } from './gate.ts'

test('a wait that is longer than a timer can be does not end at once', async t => {
  const cancel = systemClock.after(2 ** 31 + 5, () => t.fail('rang at once'))
  const soon = gate()
  // An overflown timer would have fired after 1 ms. Something must keep Node alive meanwhile: these timers do not.
  const alive = setInterval(() => {}, 1000)
  systemClock.after(20, soon.open)
  await soon.promise
  clearInterval(alive)
  cancel()
  t.pass()
})
