import test from 'ava'
import {
  JOURNAL_FORMAT,
  Nonsense,
  encodeFirst,
  encodeLine,
  fold,
  foldNewest,
  parseFirst,
  parseLine,
  headOf,
} from '../../src/journal/line.ts'
import { aRecord, aReport, aTransition } from '../../src/testing/conformance/samples.ts'

test('the first line begins with the format and holds the input once', t => {
  const record = aRecord({ input: 'needle' })
  const text = encodeFirst(record)
  t.true(text.startsWith(`{"format":${JOURNAL_FORMAT},`))
  t.true(text.endsWith('}\n'))
  t.is(text.split('needle').length, 2)
  t.deepEqual(parseFirst(text, record.pid, 'file'), record)
})

test('a newer format is told with the file and both versions', t => {
  const record = aRecord()
  const text = encodeLine({ ...record, format: 7 })
  const error = t.throws(() => parseFirst(text, record.pid, '/some/file'), { code: 'ERR_STORE_VERSION' })
  t.regex(error!.message, /\/some\/file has format 7.*up to 2/)
})

test('what is no line of this process is nonsense', t => {
  const record = aRecord()
  const { pid } = record
  const bad: unknown[] = [
    '',
    '{',
    'null',
    '[]',
    '1',
    '{}',
    'x',
    '"text"',
    '{"pid":"other"}',
    ...(
      [
        'pid',
        'name',
        'status',
        'revision',
        'at',
        'event',
        'steps',
        'snapshot',
        'outline',
        'createdAt',
        'input',
      ] as const
    ).map(key => JSON.stringify({ ...record, format: 1, [key]: undefined })),
    JSON.stringify({ ...record, format: 1, status: 'odd' }),
    JSON.stringify({ ...record, format: 1, outline: [null] }),
    JSON.stringify(record),
  ]
  for (const text of bad) t.throws(() => parseFirst(text as string, pid, 'f'), { instanceOf: Nonsense }, String(text))
  for (const text of [
    '',
    '{',
    'null',
    '{}',
    encodeLine({ ...aTransition(record, 2), pid: 'x' }),
    encodeLine({ ...aTransition(record, 2), steps: 1 }),
  ]) {
    t.throws(() => parseLine(text, pid), { instanceOf: Nonsense }, text)
  }
})

test('the newest record needs no line before the newest transition', t => {
  const record = aRecord()
  const head = encodeFirst(record).trimEnd()
  const lines = [
    aTransition(record, 3),
    aReport(record, 4, { read: { value: 1 } }),
    aReport(record, 5, { read: { value: 2 } }),
  ]
  const texts = [head, 'never looked at', ...lines.map(line => encodeLine(line).trimEnd())]
  const newest = foldNewest(head, texts.toReversed(), record.pid, 'file')
  t.deepEqual(newest, lines.reduce(fold, record))
  t.is(newest.revision, 5)
  t.deepEqual(newest.progress, { read: { value: 2 } })
})

test('the status at the head of a line, or nothing if the line has to be parsed', t => {
  const record = aRecord()
  const { pid } = record
  const text = (changes: object): string => encodeLine({ ...aTransition(record, 2), ...changes }).trimEnd()
  t.is(headOf(text({ status: 'sleeping' }), pid)?.status, 'sleeping')
  t.is(headOf(encodeLine(aReport(record, 3, { read: { value: 1 } })).trimEnd(), pid)?.status, 'running')
  const unsure = [
    encodeFirst(record).trimEnd(),
    text({ status: 'gone' }),
    text({ pid: 'x' }),
    text({}).slice(0, 80),
    '',
    '{}',
    'null',
  ]
  for (const line of unsure) t.is(headOf(line, pid), undefined, line)
  t.is(headOf(text({}), aRecord().pid), undefined)
  // A name is text: what it says is no field.
  t.is(headOf(text({ name: '","status":"finished' }), pid), undefined)
})
