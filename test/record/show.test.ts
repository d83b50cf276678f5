import test from 'ava'
import * as fc from 'fast-check'
import { show } from '../../src/record/show.ts'

test('shows values as a programmer writes them', t => {
  for (const [value, text] of [
    ['text', `'text'`],
    [5, '5'],
    [-0, '-0'],
    [5n, '5n'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[1, 'a'], `[ 1, 'a' ]`],
    [{ a: { b: 1 } }, '{ a: { b: 1 } }'],
    [class Foo extends Map {}, '[class Foo extends Map]'],
    [Symbol('x'), 'Symbol(x)'],
    [new TypeError('no'), 'TypeError: no'],
  ] as const)
    t.is(show(value), text)
})

test('no control character and no mark that turns text gets out', t => {
  t.is(show('\u001b[31m\u009b\u202e\n'), String.raw`'\x1B[31m\x9B\u202e\n'`)
  t.is(show(new Error('a\nb\u001b')), String.raw`Error: a\u000ab\u001b`)
})

test('anything is shown short, on one line, without running its code', t => {
  // oxlint-disable-next-line no-control-regex
  const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/
  fc.assert(
    fc.property(fc.anything(), value => {
      const text = show(value)
      t.true(text.length <= 1000)
      t.notRegex(text, unsafe)
    }),
  )
  t.true(show('x'.repeat(1e6)).length < 130)
  t.true(show({ a: 'x'.repeat(1e6), b: Array.from({ length: 1e5 }, () => 1) }).length < 130)
  const fail = (): never => t.fail()
  t.is(
    show({
      get a() {
        return fail()
      },
      [Symbol.for('nodejs.util.inspect.custom')]: fail,
      toString: fail,
    }).slice(0, 17),
    '{ a: [Getter], to',
  )
})

test('what cannot be shown is said so', t => {
  const trap = (): never => {
    throw new Error('trap')
  }
  t.is(show(new Proxy({}, { getPrototypeOf: trap })), 'something that cannot be shown')
})
