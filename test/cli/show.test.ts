import test from 'ava'
import { runCli } from './fake-io.ts'
import { adding, failing, openStore } from './store.ts'

test('a process is shown by any unique beginning of its pid', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(failing, undefined, { labels: { user: '42' }, key: 'once' })
  await t.throwsAsync(job.result())
  const { status, stdout, stderr } = await runCli(['show', job.pid.slice(0, 3), '--store', dir], {
    now: () => Date.now(),
  })
  t.is(status, 0)
  t.is(stderr, '')
  for (const part of [
    job.pid,
    'failing',
    'error',
    'user=42',
    'once',
    '✓ first',
    '✗ second',
    'TypeError: no such page\n  in the second line',
    String.raw`caused by Error: socket \x1b[31mhang up`,
    'store.ts:',
  ])
    t.true(stdout.includes(part), part)
  t.notRegex(stdout, /[^\n\P{Cc}]/u)
})

test('--json is exactly what a client gets', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(adding, { a: 1, b: 2 })
  await job.result()
  const { stdout } = await runCli(['show', job.pid, '--json', '--store', dir])
  t.deepEqual(JSON.parse(stdout), await runtime.get(job.pid))
})

test('a beginning that several pids have names some of them', async t => {
  const { dir, runtime } = await openStore(t)
  const jobs = await Promise.all(Array.from({ length: 8 }, () => runtime.start(adding, { a: 1, b: 2 })))
  for (const job of jobs) await job.result()
  const prefix = jobs[0]!.pid.slice(0, 2)
  for (const command of ['show', 'watch']) {
    const { status, stdout, stderr } = await runCli([command, prefix, '--store', dir])
    t.is(status, 2)
    t.is(stdout, '')
    t.regex(stderr, /More than one pid begins with/)
    t.is(stderr.split('\n').filter(line => jobs.some(job => line.trim() === job.pid)).length, 5)
    t.regex(stderr, /\n {2}\.\.\.\n$/)
  }
})

for (const pid of ['zzzz', '', '../x', 'aou70\u001B', 'x'.repeat(10_000)])
  test(`no process: ${JSON.stringify(pid.slice(0, 20))}`, async t => {
    const { dir, runtime } = await openStore(t)
    await (await runtime.start(adding, { a: 1, b: 2 })).result()
    for (const command of ['show', 'watch']) {
      const { status, stdout, stderr } = await runCli([command, pid, '--store', dir])
      t.is(status, 2)
      t.is(stdout, '')
      t.regex(stderr, /`stepwright list` shows/)
      t.false(stderr.includes('\u001B'))
      t.true(stderr.length < 400)
    }
  })
