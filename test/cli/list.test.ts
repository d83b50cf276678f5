import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { ProcessInfo } from '../../src/index.ts'
import { Interrupted } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run-command.ts'
import { normalize } from '../docs/blocks.ts'
import { fakeIo, runCli } from './fake-io.ts'
import { adding, failing, gated, openStore } from './store.ts'
import { screenAfter } from './terminal.ts'

const now = () => Date.now()

test('an empty store says what to do', async t => {
  const { dir } = await openStore(t)
  const { status, stdout, stderr } = await runCli(['list', '--store', dir])
  t.is(status, 0)
  t.is(stdout, '')
  t.regex(stderr, /no processes yet.*runtime\.start.*--store/)
  t.is((await runCli(['list', '--json', '--store', dir])).stdout, '[]\n')
})

test('processes are listed newest first, filtered and limited', async t => {
  const { dir, runtime } = await openStore(t)
  const failed = await runtime.start(failing)
  await t.throwsAsync(failed.result())
  const pids: string[] = []
  for (const user of ['1', '2', '2']) {
    const job = await runtime.start(adding, { a: 1, b: 2 }, { labels: { user, kind: 'sum' } })
    await job.result()
    pids.push(job.pid)
  }
  const listed = async (...argv: string[]): Promise<string[]> =>
    (JSON.parse((await runCli(['list', '--json', '--store', dir, ...argv], { now })).stdout) as ProcessInfo[])
      .map(({ pid }) => pid)
      .toSorted()

  t.deepEqual(await listed(), [...pids, failed.pid].toSorted())
  t.deepEqual(await listed('--status', 'error'), [failed.pid])
  t.deepEqual(await listed('--status', 'error', '--status', 'finished'), [...pids, failed.pid].toSorted())
  t.deepEqual(await listed('--name', 'adding'), pids.toSorted())
  t.deepEqual(await listed('--label', 'user=2', '--label', 'kind=sum'), pids.slice(1).toSorted())
  t.deepEqual(await listed('--label', 'user=3'), [])
  t.is((await listed('--limit', '2')).length, 2)

  const { stdout, stderr } = await runCli(['list', '--limit', '3'], { now, env: { STEPWRIGHT_STORE: dir } })
  const [titles, ...lines] = stdout.trimEnd().split('\n')
  t.is(titles, 'PID                   NAME    STATUS    CREATED  TOOK')
  t.deepEqual(
    lines.map(line => line.slice(0, 20)),
    lines
      .map(line => line.slice(0, 20))
      .toSorted()
      .toReversed(),
  )
  t.regex(lines[0]!, /^[0-9a-z]{20} {2}adding {2}finished {2}\d+[sm] ago +[\dms. ]+$/)
  t.regex(stderr, new RegExp(`there are more: --cursor ${pids[0]} shows the next`))
  t.regex((await runCli(['list', '--name', 'nobody', '--store', dir])).stderr, /no process matches/)
})

test('--json is exactly what a client gets', async t => {
  const { dir, runtime } = await openStore(t)
  await t.throwsAsync((await runtime.start(failing)).result())
  const infos: ProcessInfo[] = []
  for await (const info of runtime.list()) infos.push(info)
  const { stdout } = await runCli(['list', '--json', '--store', dir])
  t.deepEqual(JSON.parse(stdout), infos)
  t.false(stdout.includes('\u001B'))
})

test('a journal that cannot be read is told, and the list goes on', async t => {
  const { dir, runtime } = await openStore(t)
  const jobs = [await runtime.start(adding, { a: 1, b: 2 }), await runtime.start(adding, { a: 3, b: 4 })]
  for (const job of jobs) await job.result()
  const [hour] = readdirSync(join(dir, 'ended'))
  const file = join(dir, 'ended', hour!, `${jobs[0]!.pid}.finished.jsonl`)
  chmodSync(file, 0o600)
  writeFileSync(file, 'no JSON \u001B[2J\n{}\n')
  const { status, stdout, stderr } = await runCli(['list', '--store', dir], { now })
  t.is(status, 0)
  t.true(stdout.includes(jobs[1]!.pid))
  t.false(stdout.includes(jobs[0]!.pid))
  t.true(stderr.includes(file))
  t.false(stderr.includes('\u001B'))
})

test('colours on terminals only, and only without NO_COLOR', async t => {
  const { dir, runtime } = await openStore(t)
  await (await runtime.start(adding, { a: 1, b: 2 })).result()
  const terminal = { isTTY: true, columns: 80 }
  const list = async (options: Parameters<typeof runCli>[1]) =>
    (await runCli(['list', '--store', dir], options)).stdout.includes('\u001B[')
  t.true(await list({ terminal }))
  t.false(await list({ terminal, env: { NO_COLOR: '1' } }))
  t.true(await list({ terminal, env: { NO_COLOR: '' } }))
  t.false(await list({}))
})

/** Resolves with the screen once it is so. */
async function screenThat(
  stdout: () => string,
  fits: (lines: readonly string[]) => boolean,
): Promise<readonly string[]> {
  for (;;) {
    const { lines } = screenAfter(stdout())
    if (fits(lines)) return lines
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

const plain = (lines: readonly string[]): string[] => normalize(lines.join('\n')).split('\n')

test('--watch draws the list in place as it changes, until Ctrl-C', async t => {
  const { definition, go } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const { io, stdout, stderr, interrupt } = fakeIo({ now, terminal: { isTTY: true, columns: 90, rows: 4 } })
  const watching = run(['list', '--watch', '--sort', 'name', '--store', dir], io)
  t.deepEqual(await screenThat(stdout, lines => lines.length > 1), ['no process matches', ''])
  t.true(screenAfter(stdout()).cursorHidden)

  const job = await runtime.start(definition)
  const during = await screenThat(stdout, lines => lines.some(line => line.includes('3/10')))
  t.deepEqual(plain(during), ['PID NAME STATUS STEP CREATED TOOK', '<pid> gated running wait 3/10 <span> ago <span>'])

  await (await runtime.start(adding, { a: 1, b: 2 })).result()
  await t.throwsAsync((await runtime.start(failing)).result())
  go()
  await job.result()
  // Three rows and the line with the cursor: what has no room is not drawn.
  const after = await screenThat(
    stdout,
    lines => lines.some(line => / failing .* error/.test(line)) && !lines.some(line => line.includes('running')),
  )
  t.deepEqual(plain(after), [
    'PID NAME STATUS STEP CREATED TOOK',
    '<pid> adding finished <span> ago <span>',
    '<pid> failing error second <span> ago <span>',
  ])

  interrupt(new Interrupted(130))
  t.is(await watching, 130)
  const { lines, cursorHidden } = screenAfter(stdout())
  t.false(cursorHidden)
  t.deepEqual(plain(lines), plain(after))
  t.is(stderr(), '')
})

test('--watch without a terminal says what to do instead', async t => {
  const { dir } = await openStore(t)
  const { status, stdout, stderr } = await runCli(['list', '--watch', '--store', dir], { now })
  t.deepEqual([status, stdout], [2, ''])
  t.regex(stderr, /--watch needs a terminal/)
})
