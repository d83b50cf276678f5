import test from 'ava'
import { TestClock } from '../../src/testing/index.ts'

test('rings what comes due on the way, each at its own time, and what that sets off', async t => {
  const clock = new TestClock(),
    began = clock.now()
  const rung: [string, number][] = []
  const ring = (name: string) => () => void rung.push([name, clock.now() - began])
  clock.after(2000, ring('second'))
  clock.after(1000, () => {
    ring('first')()
    clock.after(500, ring('between'))
  })
  clock.after(3001, ring('too late'))
  const cancel = clock.after(1500, ring('cancelled'))
  cancel()
  await clock.advance('3s')
  t.deepEqual(rung, [
    ['first', 1000],
    ['between', 1500],
    ['second', 2000],
  ])
  t.is(clock.now(), began + 3000)
})

test('setting it rings nothing: a timer counts time that passes', async t => {
  const clock = new TestClock()
  let rung = 0
  clock.after(1000, () => (rung += 1))
  clock.set(clock.now() + 3_600_000)
  await clock.advance(999)
  t.is(rung, 0)
  clock.set(clock.now() - 7_200_000)
  await clock.advance(1)
  t.is(rung, 1)
})

test('refuses what is no time', async t => {
  const clock = new TestClock()
  await t.throwsAsync(clock.advance('soon' as never), { instanceOf: TypeError, message: /'soon'/ })
  await t.throwsAsync(clock.advance(-1), { instanceOf: TypeError, message: /-1/ })
  for (const wrong of [Number.NaN, '2030', undefined])
    t.throws(() => clock.set(wrong as never), { instanceOf: TypeError, message: /set/ })
})
