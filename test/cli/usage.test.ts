import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import test from 'ava'
import { runCli } from './fake-io.ts'

const NO_STORE = ['--store', join(tmpdir(), 'stepwright-there-is-none')]

for (const { argv, message } of [
  { argv: [], message: /Usage: stepwright/ },
  { argv: ['lst'], message: /unknown command 'lst'\n\(Did you mean list\?\)/ },
  { argv: ['list', '--stauts', 'error'], message: /unknown option '--stauts'\n\(Did you mean --status\?\)/ },
  { argv: ['list', '--status', 'done'], message: /'done' is invalid.*pending, running/ },
  { argv: ['list', '--limit', '0'], message: /'0' is invalid.*whole number from 1/ },
  { argv: ['list', '--limit', '1.5'], message: /'1.5' is invalid/ },
  { argv: ['list', '--label', 'user'], message: /'user' is invalid.*name=value/ },
  { argv: ['list', 'what'], message: /too many arguments/ },
  { argv: ['show'], message: /missing required argument 'pid'/ },
  { argv: ['watch'], message: /missing required argument 'pid'/ },
  { argv: ['copy', 'a'], message: /missing required argument 'to'/ },
  { argv: ['copy', '', 'b.db'], message: /empty/ },
  { argv: ['copy', 'a.db', './a.db'], message: /Both are the same store/ },
  {
    argv: ['copy', NO_STORE[1]!, 'never.sqlite'],
    message: /^stepwright: There is no store at [^\n]*there-is-none[^\n]*\n$/,
  },
  { argv: ['list', '--store', ''], message: /--store is empty/ },
  { argv: ['list', ...NO_STORE], message: /no store at .*stepwright-there-is-none.*\n.*--store PATH/ },
  { argv: ['show', 'aou70', ...NO_STORE], message: /no store at/ },
  { argv: ['watch', 'aou70', ...NO_STORE], message: /no store at/ },
])
  test(`wrong use: stepwright ${argv.join(' ')}`, async t => {
    const { status, stdout, stderr } = await runCli(argv)
    t.is(status, 2)
    t.is(stdout, '')
    t.regex(stderr, message)
  })

test('what was typed is shown safely', async t => {
  const { status, stderr } = await runCli(['\u001B[2Jlist'])
  t.is(status, 2)
  t.true(stderr.includes(String.raw`'\x1b[2Jlist'`))
  t.false(stderr.includes('\u001B'))
})

test('--help tells of commands, exit statuses and examples', async t => {
  const { status, stdout, stderr } = await runCli(['--help'])
  t.is(status, 0)
  t.is(stderr, '')
  for (const part of [
    'list',
    'show',
    'watch',
    '--store',
    'STEPWRIGHT_STORE',
    'Exit status',
    'NO_COLOR',
    '$ stepwright ',
  ])
    t.true(stdout.includes(part), part)
})

for (const command of ['list', 'show', 'watch', 'copy', 'check'])
  test(`${command} --help has examples and fits the terminal`, async t => {
    const { status, stdout } = await runCli([command, '--help'], { terminal: { isTTY: true, columns: 60 } })
    t.is(status, 0)
    t.regex(stdout, new RegExp(`\\$ stepwright ${command}`))
    t.true(stdout.includes('--store'))
  })

test('--version', async t => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  t.deepEqual(await runCli(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
})
