import test from 'ava'
import { table, type Column } from '../../../src/cli/render/table.ts'
import { columnsOf } from '../../../src/cli/render/text.ts'

type Row = readonly [string, string, string]
const columns: Column<Row>[] = [
  { title: 'ID', cell: ([id]) => id },
  { title: 'NAME', cell: ([, name]) => name, least: 4 },
  { title: 'AGE', cell: ([, , age]) => age, dispensable: true },
]
const rows: Row[] = [
  ['a1', 'short', '3m'],
  ['a2', 'rather long', '12m'],
]
const plain = { paint: (_: unknown, text: string) => text }

test('columns are aligned, nothing trails', t => {
  t.deepEqual(table(columns, rows, { ...plain, width: Infinity }), [
    'ID  NAME         AGE',
    'a1  short        3m',
    'a2  rather long  12m',
  ])
})

test('wide characters keep the columns aligned', t => {
  t.deepEqual(
    table(
      columns,
      [
        ['a1', '日本', '3m'],
        ['a2', 'abcd', '4m'],
      ],
      { ...plain, width: Infinity },
    ),
    ['ID  NAME  AGE', 'a1  日本  3m', 'a2  abcd  4m'],
  )
})

test('what may be cut is cut first, then what is dispensable goes', t => {
  t.deepEqual(table(columns, rows, { ...plain, width: 16 }), [
    'ID  NAME     AGE',
    'a1  short    3m',
    'a2  rather…  12m',
  ])
  t.deepEqual(table(columns, rows, { ...plain, width: 12 }), ['ID  NAME', 'a1  short', 'a2  rather …'])
})

test('no line is wider than the view, however narrow', t => {
  for (let width = 1; width < 30; width++)
    for (const line of table(columns, rows, { ...plain, width })) t.true(columnsOf(line) <= width, `${width}: ${line}`)
})

test('a column without content is left out', t => {
  t.deepEqual(table(columns, [['a1', '', '3m']], { ...plain, width: 80 }), ['ID  AGE', 'a1  3m'])
})

test('styles wrap the text, not the filling', t => {
  const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`
  const styled: Column<Row>[] = [
    { title: '', cell: ([id]) => id, style: () => 'red' },
    { title: '', cell: ([, name]) => name },
  ]
  t.deepEqual(
    table(
      styled,
      [
        ['a', 'x', ''],
        ['abc', 'y', ''],
      ],
      { paint, width: 80 },
    ),
    ['<red>a</>    x', '<red>abc</>  y'],
  )
})
