import test from 'ava'
import * as fc from 'fast-check'
import { columnsOf, cut } from '../../../src/cli/render/text.ts'

test('columns of text', t => {
  for (const [text, columns] of [
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['한글', 4],
    ['👍', 2],
    ['👨‍👩‍👧', 2],
    ['✓', 1],
    ['█░', 2],
    ['', 0],
  ] as const)
    t.is(columnsOf(text), columns, text)
})

test('cut text ends in an ellipsis and fits', t => {
  t.is(cut('import-dump', 8), 'import-…')
  t.is(cut('import-dump', 11), 'import-dump')
  t.is(cut('日本語', 4), '日…')
  t.is(cut('日本語', 6), '日本語')
  t.is(cut('abc', 0), '')
  t.is(cut('x'.repeat(1_000_000), 5), 'xxxx…')
})

test('cut text never is wider than asked', t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 0, max: 30 }),
      (text, columns) => columnsOf(cut(text, columns)) <= columns,
    ),
  )
  t.pass()
})
