import test from 'ava'
import { relative, roughly, span, spent } from '../../../src/cli/render/time.ts'
import { at, NOW } from '../infos.ts'

test('spans have at most two units', t => {
  for (const [ms, text] of [
    [0, '0ms'],
    [-5, '0ms'],
    [999, '999ms'],
    [1000, '1.0s'],
    [9999, '9.9s'],
    [10_000, '10s'],
    [59_999, '59s'],
    [60_000, '1m 00s'],
    [185_000, '3m 05s'],
    [3_600_000, '1h 00m'],
    [7_500_000, '2h 05m'],
    [86_400_000, '1d 00h'],
    [273_600_000, '3d 04h'],
  ] as const)
    t.is(span(ms), text)
})

test('rough spans have one unit', t => {
  t.deepEqual([-1, 59_999, 60_000, 3_600_000, 200_000_000].map(roughly), ['0s', '59s', '1m', '1h', '2d'])
})

test('times are told from now', t => {
  t.is(relative(at(-180), NOW), '3m ago')
  t.is(relative(at(0), NOW), '0s ago')
  t.is(relative(at(65), NOW), 'in 1m 05s')
})

test('what has not ended goes on until now', t => {
  t.is(spent({}, NOW), undefined)
  t.is(spent({ startedAt: at(-3) }, NOW), 3000)
  t.is(spent({ startedAt: at(-3), endedAt: at(-1) }, NOW), 2000)
})
