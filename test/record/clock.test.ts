import { mock } from 'node:test'
import test from 'ava'
import { atTimeOrAfter, foregroundClock, systemClock, wait, type Clock } from '../../src/record/clock.ts'
import { gate } from '../runtime/gate.ts'

test('a wait that is longer than a timer can be does not end at once', async t => {
  const cancel = systemClock.after(2 ** 31 + 5, () => t.fail('rang at once'))
  const soon = gate()
  // An overflown timer would have fired after 1 ms. Something must keep Node alive meanwhile: these
  // timers do not.
  const alive = setInterval(() => {}, 1000)
  systemClock.after(20, soon.open)
  await soon.promise
  clearInterval(alive)
  cancel()
  t.pass()
})

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test.serial('a wait longer than a timer can hold does not end at once', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let ended = false
  const max = 2 ** 31 - 1
  void wait(foregroundClock, 2 * max + 100).then(() => {
    ended = true
  })
  for (const ms of [max, max, 99]) {
    mock.timers.tick(ms)
    await turn()
    t.false(ended)
  }
  mock.timers.tick(1)
  await turn()
  t.true(ended)
})

test('an abort ends it with the reason', async t => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const waiting = wait(foregroundClock, 1e9, controller.signal)
  controller.abort(reason)
  t.is(await t.throwsAsync(waiting), reason)
  t.is(await t.throwsAsync(wait(foregroundClock, 1e9, AbortSignal.abort(reason))), reason)
})

test('the end of a duration is never before its time, although a timer may ring a millisecond early', t => {
  let now = 1_000
  const timers: { ms: number; ring: () => void }[] = []
  const early: Clock = {
    now: () => now,
    after(ms, ring) {
      timers.push({ ms, ring })
      return () => {}
    },
  }
  const rang: number[] = []
  atTimeOrAfter(early, 1_500, () => rang.push(now))
  for (let timer = timers.shift(); timer; timer = timers.shift()) {
    now += Math.max(timer.ms - 1, 1)
    timer.ring()
  }
  t.deepEqual(rang, [1_500])
})
