import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { runCli } from './fake-io.ts'
import { openStore } from './store.ts'

const poet = defineProcess({ name: 'poet' }).step(
  'write',
  ({ write, attempt }) => {
    for (const word of ['Roses', ' are\n', '\u001B[31mred\n']) write(word)
    if (attempt === 1) throw new Error('once more')
    write({ lines: 2 })
  },
  { retry: { attempts: 2, delay: 0 } },
)

test('texts are printed as they were written, escaped, and stderr says when a step begins anew', async t => {
  const { dir, runtime } = await openStore(t, poet)
  const job = await runtime.start(poet)
  const { status, stdout, stderr } = await runCli(['stream', job.pid.slice(0, 6), '--store', dir])
  t.is(status, 0)
  const attempt = `Roses are\n${String.raw`\x1b`}[31mred\n`
  t.is(stdout, `${attempt}${attempt}{"lines":2}\n`)
  t.is(stderr, '\n[write begins anew, in attempt 2]\n')
})

test('--json is a line of JSON for each part, from an offset', async t => {
  const { dir, runtime } = await openStore(t, poet)
  const job = await runtime.start(poet)
  await job.result()
  const { status, stdout } = await runCli(['stream', job.pid, '--json', '--from', '2', '--store', dir])
  t.is(status, 0)
  const parts = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
  t.deepEqual(parts.slice(0, 3), [
    { offset: 2, step: 'write', attempt: 1, chunk: '\u001B[31mred\n' },
    { offset: 3, step: 'write', attempt: 2, reset: true },
    { offset: 4, step: 'write', attempt: 2, chunk: 'Roses' },
  ])
})

test('the stream of a process that is not there', async t => {
  const { dir } = await openStore(t, poet)
  t.like(await runCli(['stream', 'aou70', '--store', dir]), { status: 2, stdout: '' })
})
