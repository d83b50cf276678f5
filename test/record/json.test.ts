import vm from 'node:vm'
import test from 'ava'
import * as fc from 'fast-check'
import { StepwrightError } from '../../src/errors.ts'
import { copyJson, toJson } from '../../src/record/json.ts'

const LIMIT = 16 * 1024 * 1024
const json = (value: unknown): unknown => toJson(value, LIMIT)
const viaText = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Unlike deepEqual, also tells own `__proto__` keys and prototypes apart. */
const text = (value: unknown): string => JSON.stringify(value)

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value }
  return value
}

test('any JSON value is what JSON.stringify and JSON.parse make of it', t => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), value => {
      t.is(text(json(value)), text(value))
      t.deepEqual(json(value), viaText(value))
      t.deepEqual(copyJson(json(value) as never), viaText(value))
    }),
    { numRuns: 150 },
  )
})

test('objects with undefined, holes, any keys and any prototype-less objects too', t => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
  )
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '0', '-1', 'length'))
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree')),
      fc.sparseArray(tie('tree'), { maxLength: 5 }),
      fc.dictionary(key, tie('tree')),
    ),
  }))
  fc.assert(
    fc.property(tree, value => t.is(text(json(value)), JSON.stringify(value) ?? 'null')),
    { numRuns: 150 },
  )
})

test('the limit is exact, whatever the value', t => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
      const bytes = Buffer.byteLength(JSON.stringify(value))
      t.notThrows(() => toJson(value, bytes))
      t.throws(() => toJson(value, bytes - 1), { code: 'ERR_RECORD_TOO_LARGE' })
    }),
    { numRuns: 150 },
  )
})

test('the copy shares nothing with the original', t => {
  const value = { a: [{ b: 1 }] }
  for (const copy of [toJson(value, LIMIT), copyJson(value)] as (typeof value)[]) {
    t.deepEqual(copy, value)
    t.not(copy, value)
    t.not(copy.a, value.a)
    t.not(copy.a[0], value.a[0])
  }
})

test('undefined becomes null, undefined properties are dropped, -0 becomes 0', t => {
  t.is(json(undefined), null)
  // oxlint-disable-next-line no-sparse-arrays
  t.deepEqual(json([undefined, , 1]), [null, null, 1])
  t.deepEqual(Object.keys(json({ a: undefined, b: 1 }) as object), ['b'])
  t.true(Object.is(json(-0), 0))
  t.true(Object.is((json([-0]) as number[])[0], 0))
})

test('an own __proto__ key stays a key and sets no prototype', t => {
  const value = JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":1}}')
  for (const copy of [json(value), copyJson(value)] as Record<string, unknown>[]) {
    t.is(text(copy), text(value))
    t.is(Object.getPrototypeOf(copy), Object.prototype)
    t.is(copy['admin'], undefined)
    t.true(Object.hasOwn(copy, '__proto__'))
  }
})

test('objects of other realms, without a prototype or frozen are plain', t => {
  t.deepEqual(json(vm.runInNewContext('({ a: [1, { b: 2 }] })')), { a: [1, { b: 2 }] })
  t.deepEqual(json(Object.assign(Object.create(null), { a: 1 })), { a: 1 })
  t.deepEqual(json(Object.freeze({ a: Object.freeze([1]) })), { a: [1] })
})

test('getters are read once', t => {
  let reads = 0
  const value = {
    get a() {
      return ++reads
    },
  }
  t.deepEqual(json(value), { a: 1 })
  t.is(reads, 1)
})

class Account {
  id = 1
}
class List extends Array {}
const cases: [title: string, value: unknown, message: string][] = [
  ['Date', { pages: [0, 1, 2, { date: new Date() }] }, 'Not JSON: $.pages[3].date is a Date: return toISOString()'],
  ['Date of another realm', vm.runInNewContext('new Date()'), '$ is a Date'],
  ['Map', { m: new Map() }, '$.m is a Map: return Object.fromEntries()'],
  ['Set', [new Set()], '$[0] is a Set: return an array'],
  ['class instance', { a: new Account() }, '$.a is an instance of Account: return a plain object'],
  ['array subclass', { a: new List() }, '$.a is an instance of List'],
  ['object with inherited properties', Object.create({ a: 1 }), '$ is an instance of Object'],
  [
    'object that inherits from one without prototype',
    Object.create(Object.create(null, { a: { value: 1, enumerable: true } })),
    '$ is an instance of',
  ],
  ['NaN', { a: NaN }, '$.a is NaN: return null or a string'],
  ['Infinity', -Infinity, '$ is -Infinity'],
  ['bigint', { 'a b': 5n }, '$["a b"] is a bigint: return String()'],
  ['function', { close() {} }, '$.close is a function'],
  ['toJSON', { toJSON: () => 1 }, '$.toJSON is a function'],
  ['symbol', { a: Symbol('x') }, '$.a is a symbol: return a string'],
  ['symbol key', { a: { [Symbol('x')]: 1 } }, '$.a[Symbol(x)] has a symbol as its key: use a string'],
  ['boxed string', { a: new String('x') }, '$.a is a boxed primitive: return valueOf()'],
  ['Buffer', { a: Buffer.from('x') }, '$.a is binary: write a file, return its path'],
  ['typed array', new Float64Array(1), '$ is binary'],
  ['ArrayBuffer', new ArrayBuffer(1), '$ is binary'],
  ['Error', { e: new TypeError('x') }, '$.e is an Error: throw it, or return its message'],
  ['Promise', { a: Promise.resolve() }, '$.a is a Promise: await it'],
  ['RegExp', { a: /x/ }, '$.a is a RegExp: return its source'],
  ['match of a RegExp', { a: 'x'.match(/x/) }, '$.a is the match of a RegExp'],
  ['URL', { a: new URL('http://localhost') }, '$.a is a URL: return its href'],
  ['key with an escape code', { '\u001b[31m\u009b\u202e': 5n }, String.raw`$["\u001b[31m\u009b\u202e"] is a bigint`],
  ['key that is no identifier', { '3': { 'x-y': 5n } }, '$["3"]["x-y"] is'],
]
for (const [title, value, message] of cases) {
  test(`refused with path and advice: ${title}`, t => {
    const error = t.throws(() => json(value), { instanceOf: StepwrightError, code: 'ERR_NOT_JSON' })
    t.true(error.message.includes(message), error.message)
  })
}

test('a getter or proxy that throws is refused with the path and its cause', t => {
  const cause = new Error('no')
  const error = t.throws(
    () =>
      json({
        a: [
          {
            get b() {
              throw cause
            },
          },
        ],
      }),
    { code: 'ERR_NOT_JSON', message: /\$\.a\[0\]\.b cannot be read/ },
  )
  t.is(error?.cause, cause)
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  t.throws(() => json({ proxy }), { code: 'ERR_NOT_JSON', message: /\$\.proxy cannot be read/ })
})

test('a cycle is told where it closes, also when it is large', t => {
  const self: Record<string, unknown> = { big: 'x'.repeat(100_000) }
  self['list'] = [{ self }]
  const message = /\$\.list\[0\]\.self leads back to an object that contains it/
  t.throws(() => json(self), { code: 'ERR_NOT_JSON', message })
  t.throws(() => toJson(self, 200_000), { code: 'ERR_NOT_JSON', message })
  const array: unknown[] = []
  array.push(array)
  t.throws(() => json(array), { code: 'ERR_NOT_JSON', message: /\$\[0\] leads back/ })
})

test('an object that is used twice is no cycle', t => {
  const shared = { a: 1 }
  t.deepEqual(json({ x: shared, y: [shared, shared] }), { x: shared, y: [shared, shared] })
})

test('1,000 levels are fine, 100,000 are refused without a stack overflow', t => {
  t.is(text(json(nested(1000))), text(nested(1000)))
  t.is(text(copyJson(nested(1000) as never)), text(nested(1000)))
  for (const levels of [1001, 100_000]) {
    const error = t.throws(() => json(nested(levels)), { code: 'ERR_NOT_JSON', message: /nested too deeply/ })
    t.true(error!.message.length < 400)
  }
})

test('parts shared so often that the copy would explode are too large', t => {
  let value: unknown = ['x']
  for (let i = 0; i < 60; i++) value = [value, value]
  t.throws(() => json(value), { code: 'ERR_RECORD_TOO_LARGE' })
  t.throws(() => json(Object.assign([], { length: 4_000_000_000 })), { code: 'ERR_RECORD_TOO_LARGE' })
})

test('too large says the size, the limit and what to do', t => {
  t.throws(() => toJson({ a: 'é'.repeat(80) }, 100), {
    code: 'ERR_RECORD_TOO_LARGE',
    message: /168 bytes.*limit is 100.*write a file and return its path/,
  })
  t.throws(() => toJson('x'.repeat(1000), 100), { code: 'ERR_RECORD_TOO_LARGE', message: /more than 100 bytes/ })
})
