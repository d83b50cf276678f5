import test from 'ava'
import * as fc from 'fast-check'
import { changesOf, withChanges } from '../../src/journal/changes.ts'

type Values = Readonly<Record<string, unknown>>

const anyJson = fc.jsonValue({ depthSize: 'small' }) as fc.Arbitrary<unknown>
/** Few keys, so that two objects have some in common. */
const key = fc.constantFrom('a', 'b', 'c', '1', '0', '__proto__', 'constructor', '')
const nested: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constantFrom(null, 1, 'x', [], {}), anyJson, tie('object'), tie('list')),
  object: fc
    .uniqueArray(fc.tuple(key, tie('value')), { selector: ([name]) => name, maxLength: 5 })
    .map(entries => Object.fromEntries(entries)),
  list: fc.array(tie('value'), { maxLength: 4 }),
})).object
const objects = nested as fc.Arbitrary<Values>
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

test('changes merged into what was give what is, down to the order of keys', t => {
  fc.assert(
    fc.property(objects, objects, (was, is) => {
      const [before, after] = [{ is: was }, { is }]
      const changes = copy(changesOf(before, after))
      t.is(JSON.stringify(withChanges(copy(before), changes)), JSON.stringify(after))
    }),
    { numRuns: 5_000 },
  )
  t.pass()
})

test('what is alike is not written: keys that stay, and lists that grow', t => {
  const before = { a: { b: 1, c: { d: [1, 2] } }, e: 'x', f: [{ g: 1 }], h: undefined }
  const after = { a: { b: 1, c: { d: [1, 2, 3] } }, e: 'y', f: [{ g: 1 }], i: {} }
  t.deepEqual(changesOf(before, after), { values: { e: 'y', i: {} }, gone: [], more: [[['a', 'c', 'd'], [3]]] })
  t.deepEqual(changesOf(after, before), {
    values: { a: { c: { d: [1, 2] } }, e: 'x' },
    gone: [['i']],
    more: [],
  })
  t.deepEqual(changesOf({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }), {
    values: { a: { c: 2, b: 1 } },
    gone: [['a']],
    more: [],
  })
})

test('changes of something else are refused', t => {
  const none = { values: {}, gone: [], more: [] }
  t.throws(() => withChanges({ a: 1 }, { ...none, gone: [['b']] }), { message: /no `b`/ })
  t.throws(() => withChanges({ a: 1 }, { ...none, gone: [['a', 'b']] }), { message: /no `a\.b`/ })
  t.throws(() => withChanges({ a: 1 }, { ...none, gone: [[]] }), { message: /no ``/ })
  t.throws(() => withChanges({ a: 1 }, { ...none, more: [[['a'], [1]]] }), { message: /no `a`/ })
})
