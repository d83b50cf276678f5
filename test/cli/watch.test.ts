import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { Interrupted } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run-command.ts'
import { fakeIo, runCli } from './fake-io.ts'
import { adding, failing, gated, openStore, spawnCli } from './store.ts'
import { screenAfter } from './terminal.ts'

const HOST = fileURLToPath(new URL('./host.ts', import.meta.url))
const now = () => Date.now()
const TERMINAL = { isTTY: true, columns: 80, rows: 24 }

/** Waits until what was printed so far fits. */
async function printed(stdout: NodeJS.EventEmitter, text: () => string, pattern: RegExp): Promise<void> {
  while (!pattern.test(text())) await once(stdout, 'data')
}

test('without a terminal each change is a plain line', async t => {
  const { definition, go } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  const { io, stdout } = fakeIo({ now })
  const watching = run(['watch', pid, '--store', dir], io)
  await printed(io.stdout, stdout, /running wait 3\/10 three of ten\n/)
  go()
  t.is(await watching, 0)
  const lines = stdout().trimEnd().split('\n')
  for (const line of lines) t.regex(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (pending|running|finished)/)
  t.regex(lines.at(-1)!, /finished \{"done":true\} \(took [\dms. ]+\)$/)
  t.false(stdout().includes('\u001B'))
})

test('on a terminal the steps are drawn in place, and the end stays', async t => {
  const { definition, go } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  const { io, stdout } = fakeIo({ now, terminal: TERMINAL })
  const watching = run(['watch', pid, '--store', dir], io)
  await printed(io.stdout, stdout, /three of ten/)
  const during = screenAfter(stdout())
  t.true(during.cursorHidden)
  t.is(during.lines.length, 4)
  t.regex(during.lines[0]!, /^● gated \w{20} running/)
  t.regex(during.lines[1]!, /^ {2}● wait .* ██████░░░░░░░░░░░░░░ {2}3\/10 {2}three of ten( {2}~.* left)?$/)
  t.is(during.lines[2], '  · end')

  go()
  t.is(await watching, 0)
  const after = screenAfter(stdout())
  t.false(after.cursorHidden)
  t.regex(after.lines[0]!, /^✓ gated \w{20} finished/)
  t.deepEqual(after.lines.slice(-3), ['Output', '  {"done":true}', ''])
  t.is(after.lines.filter(line => line.includes('wait')).length, 1)
})

test('Ctrl-C leaves the view as it is, gives the cursor back and lets the process go on', async t => {
  const { definition, go } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const job = await runtime.start(definition)
  const { io, stdout, stderr, interrupt } = fakeIo({ now, terminal: TERMINAL })
  const watching = run(['watch', job.pid, '--store', dir], io)
  await printed(io.stdout, stdout, /three of ten/)
  interrupt(new Interrupted(130))
  t.is(await watching, 130)
  const { lines, cursorHidden } = screenAfter(stdout())
  t.false(cursorHidden)
  t.true(lines.some(line => line.includes('three of ten')))
  t.is(stderr(), '')
  go()
  t.deepEqual(await job.result(), { done: true })
})

test('a dumb terminal gets lines', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(adding, { a: 1, b: 2 })
  await job.result()
  const { status, stdout } = await runCli(['watch', job.pid, '--store', dir], {
    now,
    terminal: TERMINAL,
    env: { TERM: 'dumb', NO_COLOR: '1' },
  })
  t.is(status, 0)
  t.false(stdout.includes('\u001B'))
})

test('a process that did not finish gives 1 and its error', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(failing)
  await t.throwsAsync(job.result())
  const plain = await runCli(['watch', job.pid, '--store', dir], { now })
  t.is(plain.status, 1)
  t.regex(plain.stdout, /error second TypeError: no such page \(took/)

  const live = await runCli(['watch', job.pid, '--store', dir], { now, terminal: TERMINAL })
  t.is(live.status, 1)
  const text = screenAfter(live.stdout).lines.join('\n')
  t.regex(text, /✗ failing/)
  t.true(text.includes(String.raw`caused by Error: socket \x1b[31mhang up`))
})

test('a cancelled process gives 1', async t => {
  const { definition } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const job = await runtime.start(definition)
  const { io, stdout } = fakeIo({ now })
  const watching = run(['watch', job.pid, '--store', dir], io)
  await printed(io.stdout, stdout, /three of ten/)
  await job.cancel('no longer wanted')
  t.is(await watching, 1)
  t.regex(stdout(), /cancelled .*no longer wanted/)
})

test('the command itself: watches from another process and ends with it', async t => {
  const { definition, go } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  const { child, result } = spawnCli(['watch', pid.slice(0, 10), '--store', dir])
  child.stdout.once('data', go)
  const { status, stdout, stderr } = await result()
  t.is(stderr, '')
  t.is(status, 0)
  t.regex(stdout, /running wait[^]*finished \{"done":true\}/)
})

test('the command itself: SIGINT ends it with 130, quietly', async t => {
  const { definition } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  const { child, result } = spawnCli(['watch', pid, '--store', dir])
  child.stdout.once('data', () => child.kill('SIGINT'))
  const { status, stderr } = await result()
  t.is(status, 130)
  t.is(stderr, '')
})

test('the command itself: a reader that goes away ends it quietly', async t => {
  const { definition } = gated()
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  for (const { argv, expected } of [
    { argv: ['list'], expected: 0 },
    { argv: ['list', '--json'], expected: 0 },
    { argv: ['watch', pid], expected: 141 },
  ]) {
    const { child, result } = spawnCli([...argv, '--store', dir])
    child.stdout.destroy()
    const { status, stderr } = await result()
    t.is(stderr, '')
    t.is(status, expected, argv.join(' '))
  }
})

test('the death of a host is seen without a record that tells it', async t => {
  const { dir } = await openStore(t)
  const host = spawn(process.execPath, ['--conditions=@stepwright/source', '--no-warnings', HOST, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => host.kill('SIGKILL'))
  const [pid] = (await once(host.stdout.setEncoding('utf8'), 'data')) as [string]
  const { io, stdout, interrupt } = fakeIo({ now })
  const watching = run(['watch', pid.trim(), '--store', dir], io)
  await printed(io.stdout, stdout, /running wait 3\/10 three of ten\n/)
  host.kill('SIGKILL')
  await printed(io.stdout, stdout, /running wait 3\/10 three of ten \(host: dead\)\n$/)
  interrupt(new Interrupted(130))
  t.is(await watching, 130)
})
