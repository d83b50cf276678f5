import test from 'ava'
import * as fc from 'fast-check'
import { toMs } from '../../src/record/duration.ts'

test('numbers are milliseconds, text has a unit', t => {
  for (const [value, ms] of [
    [0, 0],
    [250, 250],
    ['300ms', 300],
    ['30s', 30_000],
    ['5m', 300_000],
    ['10h', 36_000_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['1.1d', 95_040_000],
    [0.4, 0],
    [1.6, 2],
    ['36500d', 36_500 * 86_400_000],
  ] as const)
    t.is(toMs(value, 'x'), ms, String(value))
})

test('anything else is refused with the value and the allowed forms', t => {
  for (const value of [
    -1,
    NaN,
    Infinity,
    '',
    '5',
    '5 m',
    ' 5m',
    '5m ',
    '5 minutes',
    '-5m',
    '1e3s',
    '.5s',
    '5.s',
    '5M',
    '0x10s',
    '5m5s',
    '36501d',
    1e300,
    null,
    undefined,
    true,
    [],
    {},
    5n,
    new Date(),
    Symbol('x'),
  ]) {
    const error = t.throws(() => toMs(value, `timeout of step 'read'`), { instanceOf: TypeError }, typeof value)
    t.regex(error!.message, /^timeout of step 'read' must be milliseconds or a duration like '300ms'.*; received /)
  }
  t.throws(() => toMs('5 minutes', 'x'), { message: /received '5 minutes'$/ })
})

test('whole milliseconds come out of every form', t => {
  const unit = fc.constantFrom('ms', 's', 'm', 'h', 'd')
  fc.assert(
    fc.property(fc.nat(30_000), fc.nat(999), unit, (whole, decimals, suffix) => {
      const ms = toMs(`${whole}.${decimals}${suffix}`, 'x')
      t.true(Number.isSafeInteger(ms) && ms >= 0)
    }),
  )
})
