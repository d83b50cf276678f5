import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { runCli } from './fake-io.ts'
import { openStore } from './store.ts'

const chatty = defineProcess({ name: 'chatty' })
  .step('read', ({ log }) => log('opened', { file: 'dump.xml' }))
  .step(
    'parse',
    ({ log, attempt }) => {
      log('\u001B[31mred\u001B[0m page')
      if (attempt === 1) throw new Error('once more')
    },
    { retry: { attempts: 2, delay: 0 } },
  )

test('what the steps logged is printed with where and when, and nothing reaches the terminal unescaped', async t => {
  const { dir, runtime } = await openStore(t, chatty)
  const job = await runtime.start(chatty)
  await job.result()
  const { status, stdout } = await runCli(['logs', job.pid.slice(0, 6), '--store', dir])
  t.is(status, 0)
  const lines = stdout.trimEnd().split('\n')
  t.is(lines.length, 3)
  t.regex(lines[0] ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z read opened \{"file":"dump.xml"\}$/)
  t.true(lines[1]?.endsWith(String.raw` parse \x1b[31mred\x1b[0m page`))
  t.true(lines[2]?.includes(' parse (attempt 2) '))
})

test('--json is a line of JSON per entry; -f ends with the process', async t => {
  const { dir, runtime } = await openStore(t, chatty)
  const job = await runtime.start(chatty)
  const { status, stdout } = await runCli(['logs', job.pid, '-f', '--json', '--store', dir])
  t.is(status, 0)
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { step: string; attempt: number })
  t.deepEqual(
    entries.map(({ step, attempt }) => [step, attempt]),
    [
      ['read', 1],
      ['parse', 1],
      ['parse', 2],
    ],
  )
})

test('the logs of a process that is not there', async t => {
  const { dir } = await openStore(t, chatty)
  t.like(await runCli(['logs', 'aou70', '--store', dir]), { status: 2, stdout: '' })
})
