import { stripVTControlCharacters, styleText } from 'node:util'
import test from 'ava'
import { changeLine } from '../../../src/cli/render/change.ts'
import { endedProcess, liveProcess } from '../../../src/cli/render/process-progress.ts'
import { processList } from '../../../src/cli/render/process-list.ts'
import { processDetails } from '../../../src/cli/render/process-details.ts'
import { columnsOf } from '../../../src/cli/render/text.ts'
import type { Paint, View } from '../../../src/cli/screen.ts'
import type { ProcessInfo } from '../../../src/index.ts'
import { failed, finished, interrupted, NOW, pending, retrying, running, sleeping } from '../infos.ts'

const plain: Paint = (_, text) => text
const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false })
const view = (width: number, paint = plain): View => ({ width, now: NOW, paint })
const ALL = [running, finished, failed, sleeping, interrupted, retrying, pending]

/** Every renderer there is, so that what must hold for one holds for all. */
const RENDERERS: Readonly<Record<string, (info: ProcessInfo, view: View) => string[]>> = {
  processList: (info, view) => processList([info], view),
  processDetails,
  liveProcess: (info, view) => liveProcess(info, view, 20),
  endedProcess,
  changeLine: info => [changeLine(info)],
}

/** The same process with `text` in every string of it but statuses and times. */
function poisoned(value: unknown, text: string, key = ''): unknown {
  if (typeof value === 'string')
    return key === 'status' || key === 'state' || /At$|^deadline$|^until$/.test(key) ? value : value + text
  if (Array.isArray(value)) return value.map(item => poisoned(item, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      ['labels', 'input', 'output'].includes(key) ? name + text : name,
      poisoned(item, text, name),
    ]),
  )
}

for (const [name, render] of Object.entries(RENDERERS)) {
  test(`${name} lets nothing from the store steer the terminal`, t => {
    const poison = '\u001B[2J\u001B]0;owned\u0007\u009B31m\u007F\u202E\r\n\t'
    for (const info of ALL) {
      const text = render(poisoned(info, poison) as ProcessInfo, view(100)).join('')
      t.notRegex(text, /[\p{Cc}\p{Bidi_Control}]/u)
    }
  })

  test(`${name} says the same with and without colours`, t => {
    for (const info of ALL)
      t.deepEqual(render(info, view(80, coloured)).map(stripVTControlCharacters), render(info, view(80)))
  })
}

test('lists, and what is drawn in place, never are wider than the terminal', t => {
  const long = poisoned(running, ' and a very long text indeed 日本語'.repeat(4)) as ProcessInfo
  for (const width of [20, 40, 60, 79, 80, 120])
    for (const info of [...ALL, long])
      for (const line of [...processList([info], view(width)), ...liveProcess(info, view(width), 20)])
        t.true(columnsOf(line) <= width, `${width}: ${line}`)
})

test('the list tells what counts', t => {
  t.deepEqual(processList([running, finished, sleeping, failed], view(80)), [
    'PID                   NAME         STATUS    STEP        CREATED  TOOK',
    '0bq7k000a1bcdefghijk  import-dump  running   parse 3/10  3m ago   12s',
    '0bq7k000a1bcdefghijk  import-dump  finished              3m ago   10s',
    '0bq7k000a1bcdefghijk  import-dump  sleeping  cool-off    3m ago   12s',
    '0bq7k000a1bcdefghijk  import-dump  error     parse 3/10  3m ago   10s',
  ])
})

test('large numbers of a progress are a percentage in the list, which a narrow one need not cut', t => {
  const step = {
    ...running.steps.find(({ status }) => status === 'running')!,
    progress: { value: 4_210, total: 12_034 },
  }
  const [, line] = processList([{ ...running, steps: [step] }], view(80))
  t.regex(line!, / 34% /)
})

test('the list has a column for hosts as soon as one is not well', t => {
  const [titles, first, second] = processList(
    [running, { ...running, host: { ...running.host!, state: 'dead' } }],
    view(100),
  )
  t.regex(titles!, / HOST /)
  t.notRegex(first!, /alive/)
  t.regex(second!, / dead /)
})

test('a narrow list shortens pids to their random end before it cuts names', t => {
  for (const line of processList(ALL, view(70)).slice(1)) t.regex(line, /^defghijk {2}import-dump /)
  for (const line of processList(ALL, view(40)).slice(1)) t.regex(line, /^defghijk {2}/)
})

test('the page tells everything about a process', t => {
  const text = processDetails(failed, view(100)).join('\n')
  for (const part of [
    'import-dump',
    failed.pid,
    failed.createdAt,
    'user=42',
    'error',
    'attempt 2',
    'ERR_PAGE',
    'at parse (file:///app/parse.js:3:9)',
    'caused by Error: socket hang up',
    '{"file":"dump.xml"}',
  ])
    t.true(text.includes(part), part)
  const page = processDetails(running, view(100)).join('\n')
  for (const part of ['habcdefghijk, alive', '4711', 'box', 'in 5m 00s', '3/10', 'page three'])
    t.true(page.includes(part), part)
  t.true(processDetails(sleeping, view(100)).join('\n').includes('wakes in 9m 59s'))
  t.true(processDetails(retrying, view(100)).join('\n').includes('next attempt in 5.0s  Error: busy'))
})

test('a process that nobody runs says so', t => {
  t.true(processDetails(pending, view(100)).join('\n').includes('none: it waits for a runtime that knows import-dump'))
})

test('a page shortens large values and long stacks, and says so', t => {
  const stack = `Error: deep\n${Array.from({ length: 50 }, (_, n) => `    at f${n} (file.js:${n}:1)`).join('\n')}`
  const lines = processDetails(
    { ...failed, input: Array.from({ length: 500 }, (_, n) => n), error: { name: 'Error', message: 'deep', stack } },
    view(80),
  )
  t.true(lines.length < 70)
  t.true(lines.some(line => /… \d+ more lines: --json shows all/.test(line)))
  t.true(lines.some(line => line.includes('… 38 more frames')))
})

test('a stack whose headline has another name is not told twice', t => {
  const error = { name: 'PageError', message: 'gone', stack: 'Error: gone\n    at parse (x.js:1:1)' }
  const lines = processDetails({ ...failed, error }, view(80)).map(line => line.trim())
  t.is(lines.filter(line => line.includes('gone')).length, 1)
  t.true(lines.includes('at parse (x.js:1:1)'))
})

test('the live view has no more lines than rows and shows the step under way', t => {
  const steps = Array.from({ length: 200 }, (_, n) => ({
    name: `step-${n}`,
    kind: 'step' as const,
    attempt: 1,
    status: n < 120 ? ('finished' as const) : n === 120 ? ('running' as const) : ('pending' as const),
  }))
  for (const rows of [4, 10, 23]) {
    const lines = liveProcess({ ...running, steps }, view(80), rows)
    t.true(lines.length <= rows)
    t.true(lines.some(line => line.includes('● step-120')))
    t.regex(lines.at(-1)!, /… \d+ more/)
  }
  t.is(endedProcess({ ...finished, steps }, view(80)).filter(line => line.includes('step-')).length, 200)
})

test('the live view draws progress', t => {
  const line = liveProcess(running, view(80), 20).find(line => line.includes('parse'))
  t.is(line, '  ● parse    4.0s     ██████░░░░░░░░░░░░░░  3/10  attempt 2  page three  ~9.3s …')
})

test('progress past its total, or without one, does no harm', t => {
  for (const progress of [
    { value: 30, total: 10 },
    { value: -1, total: 10 },
    { value: 5, total: 0 },
    { value: 0.123456 },
  ]) {
    const steps = running.steps.map(step => (step.name === 'parse' ? { ...step, progress } : step))
    t.notThrows(() => liveProcess({ ...running, steps }, view(80), 20))
  }
})

test('a change is one plain line', t => {
  t.is(changeLine(running), '2026-01-31T11:59:59.000Z running parse attempt 2 3/10 page three')
  t.is(changeLine(finished), '2026-01-31T11:59:58.000Z finished {"pages":10} (took 10s)')
  t.is(changeLine(failed), '2026-01-31T11:59:58.000Z error parse attempt 2 TypeError: no such page (took 10s)')
  t.is(
    changeLine(retrying),
    '2026-01-31T11:59:59.000Z running parse waiting attempt 2 until 2026-01-31T12:00:05.000Z Error: busy',
  )
})
