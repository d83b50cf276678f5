import test from 'ava'
import { ShortLivedMap } from '../../src/store/short-lived-map.ts'

test('is a Map, however many entries have come and gone', t => {
  const map = new ShortLivedMap<number, string>()
  const plain = new Map<number, string>()
  for (let n = 0; n < 1_000; n++) {
    map.set(n, `v${n}`)
    plain.set(n, `v${n}`)
    // Some go soon, some late, some never.
    for (const gone of [n % 3 === 0 ? n : -1, n % 3 === 1 ? n - 90 : -1]) {
      map.delete(gone)
      plain.delete(gone)
    }
    t.is(map.size, plain.size)
  }
  t.deepEqual([...map.keys()], [...plain.keys()])
  t.deepEqual([...map.values()], [...plain.values()])
  t.is(map.get(998), 'v998')
  t.true(map.has(998))
  t.false(map.has(0))
  map.clear()
  t.is(map.size, 0)
  t.deepEqual([...map.values()], [])
})

test('a walk goes on while entries are taken away', t => {
  const map = new ShortLivedMap<number, true>()
  for (let n = 0; n < 100; n++) map.set(n, true)
  for (const n of map.keys()) map.delete(n)
  t.is(map.size, 0)
})
