import test from 'ava'
import { checkRedact, redactor } from '../../src/format/redact.ts'

const hide = (paths: string[], value: unknown): unknown => redactor(checkRedact(paths, 'redact'))(value)
const R = '[redacted]'

test('paths lead to what is hidden', t => {
  t.deepEqual(hide(['$.a'], { a: 1, b: { a: 2 } }), { a: R, b: { a: 2 } })
  t.deepEqual(hide(['$.b.a', '$.c'], { a: 1, b: { a: 2 }, c: [] }), { a: 1, b: { a: R }, c: R })
  t.deepEqual(hide(['$.list[*].token'], { list: [{ token: 1, id: 1 }, { token: 2 }] }), {
    list: [{ token: R, id: 1 }, { token: R }],
  })
  t.deepEqual(hide(['$.list[1]'], { list: [1, 2, 3] }), { list: [1, R, 3] })
  t.deepEqual(hide(['$..password'], { password: 1, a: [{ b: { password: { x: 1 } } }] }), {
    password: R,
    a: [{ b: { password: R } }],
  })
  t.deepEqual(hide(['$["a key"].*'], { 'a key': { x: 1, y: [2] }, z: 3 }), { 'a key': { x: R, y: R }, z: 3 })
  t.is(hide(['$'], { a: 1 }), R)
})

test('what is not there, and what is no object, stays as it is', t => {
  for (const value of [null, 1, 'text', [], {}, [1, { b: 2 }]]) t.deepEqual(hide(['$.a.b.c', '$..d'], value), value)
})

test('the value itself is not changed, and an own __proto__ stays a key', t => {
  const value = JSON.parse('{"a":1,"__proto__":{"a":2}}') as object
  t.is(JSON.stringify(hide(['$..a'], value)), `{"a":"${R}","__proto__":{"a":"${R}"}}`)
  t.is(JSON.stringify(value), '{"a":1,"__proto__":{"a":2}}')
})

test('a path that is none is a TypeError', t => {
  for (const path of ['a', '', '$.', '$..', '$[', '$[x]', 7, null])
    t.throws(
      () => checkRedact([path], 'redact'),
      { instanceOf: TypeError, message: /^redact must be an array of paths such as/ },
      String(path),
    )
  t.throws(() => checkRedact('$.a', 'redact'), { instanceOf: TypeError, message: /must be an array/ })
})
