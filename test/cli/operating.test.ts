import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { defineProcess, type ProcessInfo } from '../../src/index.ts'
import { runCli } from './fake-io.ts'
import { adding, failing, gated, openStore } from './store.ts'

const HOST = fileURLToPath(new URL('./host.ts', import.meta.url))
const now = () => Date.now()

test('counts, and delete with whatever names a pid', async t => {
  const { dir, runtime } = await openStore(t)
  t.like(await runCli(['counts', '--store', dir]), { status: 0, stdout: '', stderr: 'stepwright: no processes yet\n' })
  const jobs = await Promise.all(Array.from({ length: 4 }, () => runtime.start(adding, { a: 1, b: 2 })))
  for (const job of jobs) await job.result()
  await t.throwsAsync((await runtime.start(failing)).result())
  t.is((await runCli(['counts', '--store', dir])).stdout, 'STATUS    COUNT\nfinished  4\nerror     1\n')
  t.deepEqual(JSON.parse((await runCli(['counts', '--json', '--store', dir])).stdout), await runtime.counts())

  const [one, two, three] = jobs.map(({ pid }) => pid) as [string, string, string]
  const { status, stdout } = await runCli(['delete', one, two.slice(-8), two, '--store', dir])
  t.deepEqual([status, stdout], [0, `${one} deleted\n${two} deleted\n`])
  t.deepEqual(JSON.parse((await runCli(['delete', three, '--json', '--store', dir])).stdout), { deleted: [three] })
  t.is(await runtime.get(one), undefined)
  t.like(await runCli(['delete', one, '--store', dir]), { status: 2, stdout: '' })
  t.like(await runtime.counts(), { finished: 1, error: 1 })
})

test('list: by time and by error, page by page, pids alone', async t => {
  const { dir, runtime } = await openStore(t)
  const pids: string[] = []
  for (let n = 0; n < 5; n++) {
    const job = await runtime.start(n === 2 ? failing : adding, { a: n, b: n } as never)
    await job.result().catch(() => {})
    pids.unshift(job.pid)
    await setTimeout(2)
  }
  const listed = async (...argv: string[]): Promise<string[]> =>
    (await runCli(['list', '-q', '--store', dir, ...argv], { now })).stdout.split('\n').filter(line => line !== '')
  const createdAt = async (pid: string): Promise<string> => (await runtime.get(pid))!.createdAt
  t.deepEqual(await listed(), pids)
  t.deepEqual(await listed('--error', 'NO SUCH page'), [pids[2]])
  t.deepEqual(await listed('--error', 'typeerror', '--status', 'error'), [pids[2]])
  t.deepEqual(await listed('--error', 'something else'), [])
  t.deepEqual(await listed('--since', '1h'), pids)
  t.deepEqual(await listed('--before', '1h'), [])
  t.deepEqual(await listed('--since', await createdAt(pids[2]!)), pids.slice(0, 3))
  t.deepEqual(await listed('--before', await createdAt(pids[2]!)), pids.slice(3))
  t.deepEqual(await listed('--cursor', pids[1]!), pids.slice(2))
  t.deepEqual(await listed('--cursor', pids[1]!.slice(-8), '--limit', '2'), pids.slice(2, 4))
  // A process that is deleted is a cursor all the same.
  await runtime.delete(pids[1]!)
  t.deepEqual(await listed('--cursor', pids[1]!), pids.slice(2))

  const pages: string[] = []
  for (let cursor: string | undefined = '~'; cursor !== undefined;) {
    const { stdout, stderr } = await runCli(
      ['list', '--limit', '2', '--store', dir, ...(cursor === '~' ? [] : ['--cursor', cursor])],
      {
        now,
      },
    )
    pages.push(
      ...stdout
        .split('\n')
        .slice(1, -1)
        .map(line => line.slice(0, 20)),
    )
    cursor = /--cursor (\w+)/.exec(stderr)?.[1]
  }
  t.deepEqual(
    pages,
    pids.filter((_, at) => at !== 1),
  )
})

test('watch --json: a line with everything per change', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(adding, { a: 1, b: 2 })
  await job.result()
  const { status, stdout } = await runCli(['watch', job.pid, '--json', '--store', dir], {
    terminal: { isTTY: true, columns: 80, rows: 24 },
  })
  t.is(status, 0)
  const infos = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as ProcessInfo)
  t.deepEqual(infos.at(-1), await runtime.get(job.pid))
})

test('logs --tail begins with the last entries, and goes on with --follow', async t => {
  const { definition, go } = gated()
  const chatty = defineProcess({ name: 'chatty' })
    .step('talk', ({ log }) => {
      for (let n = 1; n <= 9; n++) log(`line ${n}`)
    })
    .step('last', ({ log }) => log('the end'))
  const { dir, runtime } = await openStore(t, chatty, definition)
  const job = await runtime.start(chatty)
  await job.result()
  const tail = async (...argv: string[]): Promise<string[]> =>
    (await runCli(['logs', job.pid, '--store', dir, ...argv])).stdout
      .trimEnd()
      .split('\n')
      .map(line => line.split(' ').slice(2).join(' '))
  t.deepEqual(await tail('--tail', '3'), ['line 8', 'line 9', 'the end'])
  t.deepEqual(await tail('--tail', '3', '-f'), ['line 8', 'line 9', 'the end'])
  t.is((await tail('--tail', '100')).length, 10)
  go()
})

test('history names the step, or the branch, that an event was of', async t => {
  const forked = defineProcess({ name: 'forked' })
    .step('read', () => 1)
    .parallel('publish', { search: () => 2, feed: () => 3 })
  const { dir, runtime } = await openStore(t, forked)
  const job = await runtime.start(forked)
  await job.result()
  const { stdout } = await runCli(['history', job.pid, '--store', dir])
  const events = stdout
    .trimEnd()
    .split('\n')
    .map(line => /^\d+ (.*?) \d{4}-/.exec(line)![1])
  t.deepEqual(events.slice(0, 3), ['CREATE', 'START', 'DONE read'])
  // The branch that ends last ends the step.
  t.deepEqual(events.slice(3), ['DONE publish.search', 'DONE publish'])
})

test('errors are JSON with --json: those of the store, of the command line, and of its arguments', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(adding, { a: 1, b: 2 })
  await job.result()
  const errorOf = async (...argv: string[]): Promise<{ readonly code: string; readonly message: string }> => {
    const { status, stdout, stderr } = await runCli([...argv, '--json', '--store', dir])
    t.deepEqual([status, stdout], [2, ''], argv.join(' '))
    t.is(stderr.trimEnd().split('\n').length, 1, stderr)
    return (JSON.parse(stderr) as { error: { code: string; message: string } }).error
  }
  t.like(await errorOf('cancel', job.pid), { code: 'ERR_ALREADY_ENDED' })
  t.like(await errorOf('show', 'zzzz'), { code: 'ERR_USAGE' })
  t.regex((await errorOf('list', '--stauts', 'error')).message, /^unknown option '--stauts'/)
  t.regex((await errorOf('submit', 'Bad Name')).message, /received 'Bad Name'/)
  t.like(await errorOf('adopt', 'h00000000000', '--force'), { code: 'ERR_USAGE' })
  const failed = await runtime.start(failing)
  await failed.result().catch(() => {})
  const result = await runCli(['result', failed.pid, '--json', '--store', dir])
  t.deepEqual([result.status, result.stdout], [1, ''])
  t.like(JSON.parse(result.stderr), { error: { code: 'ERR_STEP_FAILED' } })
  const missing = await runCli(['list', '--json', '--store', `${dir}-none`])
  t.like(JSON.parse(missing.stderr), { error: { code: 'ERR_STORE_MISSING' } })
})

test('submit says so if no host of the store has known the definition', async t => {
  const { dir } = await openStore(t)
  const known = await runCli(['submit', 'adding', '--store', dir])
  t.deepEqual([known.status, known.stderr], [0, ''])
  const unknown = await runCli(['submit', 'adddding', '--store', dir])
  t.is(unknown.status, 0)
  t.regex(unknown.stdout, /^\w{20}\n$/)
  t.regex(unknown.stderr, /no host of this store has known a definition 'adddding' so far/)
})

test('the time of a process whose host is dead stands still', async t => {
  const { dir } = await openStore(t)
  const host = spawn(process.execPath, ['--conditions=@stepwright/source', '--no-warnings', HOST, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => host.kill('SIGKILL'))
  const [line] = (await once(host.stdout.setEncoding('utf8'), 'data')) as [string]
  const pid = line.trim()
  const hourLater = { now: () => Date.now() + 3_600_000 }
  t.regex((await runCli(['list', '--store', dir], hourLater)).stdout, /gated .*1h 00m$/m)
  host.kill('SIGKILL')
  await once(host, 'close')
  t.regex((await runCli(['list', '--store', dir], hourLater)).stdout, /gated .*dead .* (?:\d+ms|[\d.]+s)$/m)
  const page = (await runCli(['show', pid, '--store', dir], hourLater)).stdout
  t.regex(page, /elapsed +(?:\d+ms|[\d.]+s)\n/)
  t.regex(page, /● wait +running +(?:\d+ms|[\d.]+s) /)
})

test('with 5,000 processes too, the short pids of a narrow list are whole names, and all commands take them', async t => {
  const { dir, runtime } = await openStore(t)
  for (let n = 0; n < 5000; n += 250)
    for (const job of await Promise.all(Array.from({ length: 250 }, () => runtime.start(adding, { a: n, b: 1 }))))
      await job.result()
  const { stdout } = await runCli(['list', '--limit', '5000', '--store', dir], {
    now,
    terminal: { isTTY: true, columns: 50 },
    env: { NO_COLOR: '1' },
  })
  const shown = stdout
    .split('\n')
    .slice(1, -1)
    .map(line => line.split(' ')[0]!)
  t.is(new Set(shown).size, 5000)
  for (const short of [shown[0]!, shown[2500]!, shown[4999]!]) {
    t.is(short.length, 8)
    const { status, stdout: json } = await runCli(['show', short, '--json', '--store', dir])
    t.is(status, 0)
    t.true((JSON.parse(json) as ProcessInfo).pid.endsWith(short))
  }
})
