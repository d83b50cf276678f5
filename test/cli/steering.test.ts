import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { runCli } from './fake-io.ts'
import { adding, failing, openStore, spawnCli } from './store.ts'

const PROCESSES = fileURLToPath(new URL('./processes.ts', import.meta.url))

const asking = defineProcess({ name: 'asking' })
  .step('first', () => ({ n: 1 }))
  .interrupt('ask')
  .step('last', ({ data }) => data)

async function paused(runtime: Awaited<ReturnType<typeof openStore>>['runtime']): Promise<string> {
  const { pid } = await runtime.start(asking)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  return pid
}

test('proceed, cancel, history and result, each in a Node process of its own', async t => {
  const { dir, runtime } = await openStore(t, asking)
  const [one, two] = [await paused(runtime), await paused(runtime)]
  writeFileSync(join(dir, 'data.json'), '{"by":"ada"}')
  const [proceeded, cancelled] = await Promise.all([
    spawnCli(['proceed', one, '--data', `@${join(dir, 'data.json')}`, '--store', dir]).result(),
    spawnCli(['cancel', two, '--reason', 'enough', '--json', '--store', dir]).result(),
  ])
  t.deepEqual(proceeded, { status: 0, stdout: `${one} taken\n`, stderr: '' })
  t.deepEqual(JSON.parse(cancelled.stdout), { pid: two, outcome: 'taken' })
  const [result, failed, history] = await Promise.all([
    spawnCli(['result', one, '--store', dir]).result(),
    spawnCli(['result', two, '--store', dir]).result(),
    spawnCli(['history', one, '--store', dir]).result(),
  ])
  t.is(result.status, 0)
  t.deepEqual(JSON.parse(result.stdout), { n: 1, by: 'ada' })
  t.is(failed.status, 1)
  t.regex(failed.stderr, /was cancelled: enough/)
  t.deepEqual(
    history.stdout
      .trimEnd()
      .split('\n')
      .map(line => line.replace(/ \S+Z (\w+).*/, ' $1')),
    [
      '1 CREATE pending',
      '2 START running',
      '3 DONE first interrupted',
      '4 PROCEED ask running',
      '5 DONE last finished',
    ],
  )
})

test('what cannot be done gives 2 and says why', async t => {
  const { dir, runtime } = await openStore(t, asking)
  const job = await runtime.start(adding, { a: 1, b: 2 })
  await job.result()
  const pid = await paused(runtime)
  for (const [argv, message] of [
    [['proceed', job.pid], /can no longer be steered: it has ended/],
    [['send', pid, '{"type":"GO"}'], /in no machine step now/],
    [['proceed', pid, '--data', '{oops'], /--data is not JSON/],
    [['proceed', pid, '--data', '@nowhere.json'], /nowhere\.json cannot be read/],
    [['fork', pid, '--from', 'last'], /has not begun/],
    [['cancel', 'zzz'], /No process has the pid/],
    [
      ['submit', 'Not A Name'],
      /^stepwright: name of submit\(\) must be the name of a definition, [^\n]*; received 'Not A Name'\n$/,
    ],
    [
      ['submit', 'greet', '--key', ''],
      /^stepwright: key of submit\(\) must be a string of 1 to 1024 characters; received ''\n$/,
    ],
    [['cancel', pid, 'enough'], /too many arguments for 'cancel'/],
    [['delete', pid], /has not ended/],
    [['result', pid, '--timeout', 'soon'], /'soon' is invalid.*'30s', '5m', '10h' or '7d'/],
    [['result', pid, '--timeout', '20ms'], /^stepwright: Process \w{20} has not ended within 20ms: it continues\n$/],
    [['list', '--since', 'yesterday'], /'yesterday' is invalid.*such as '1h' or '7d'/],
    [['completion', 'csh'], /'csh' is invalid.*bash, zsh, fish/],
    [['work', 'nowhere.ts'], /There is no module nowhere\.ts/],
    [['work', fileURLToPath(import.meta.resolve('./infos.ts'))], /exports no definition/],
    [['run', PROCESSES], /several definitions: name one of fails, greet/],
    [['run', PROCESSES, 'other'], /no definition 'other' of fails, greet/],
    [['work', PROCESSES, '--max-processes', '0'], /whole number/],
    [['gc', '--older-than', 'long'], /'10h' or '7d'/],
    [['list', '--watch'], /needs a terminal/],
    [['list', '--sort', 'colour'], /created, updated, name, status, took/],
  ] as const) {
    const { status, stderr } = await runCli([...argv, '--store', dir])
    t.is(status, 2, argv.join(' '))
    t.regex(stderr, message)
  }
})

test('submit, then work: takes what was submitted and ends; --max-processes is honoured', async t => {
  const { dir } = await openStore(t)
  const submit = async (name: string, ...more: string[]): Promise<string> =>
    (await runCli(['submit', name, '--store', dir, ...more])).stdout.trim()
  const first = await submit('greet', '--input', '{"name":"Ada"}', '--key', 'ada', '--label', 'for=test')
  t.is(await submit('greet', '--key', 'ada'), first)
  await new Promise(resolve => setTimeout(resolve, 2))
  const second = await submit('fails')
  const one = await spawnCli(['work', PROCESSES, '--max-processes', '1', '--wait', '--store', dir]).result()
  t.deepEqual(one, { status: 0, stdout: `${first} greet finished\n`, stderr: 'stepwright: 1 process ended\n' })
  t.is((await runCli(['result', first, '--store', dir])).stdout, '"Hello Ada!"\n')
  const two = await spawnCli(['work', PROCESSES, '--store', dir]).result()
  t.deepEqual(two, {
    status: 0,
    stdout: `${second} fails error Error: no luck\n`,
    stderr: 'stepwright: 1 process ended\n',
  })
})

test('work --wait stays until it is told to end', async t => {
  const { dir } = await openStore(t)
  const { child, result } = spawnCli(['work', PROCESSES, '--wait', '--store', dir])
  child.stdout.once('data', () => child.kill('SIGTERM'))
  const { stdout: pid } = await runCli(['submit', 'greet', '--input', '{"name":"Bob"}', '--store', dir])
  const { status, stdout } = await result()
  t.is(status, 143)
  t.is(stdout, `${pid.trim()} greet finished\n`)
})

test('run: starts here and watches', async t => {
  const { dir } = await openStore(t)
  const good = await spawnCli(['run', PROCESSES, 'greet', '--input', '{"name":"Ada"}', '--store', dir]).result()
  t.is(good.stderr, '')
  t.is(good.status, 0)
  t.regex(good.stdout, /finished "Hello Ada!"/)
  const bad = await spawnCli(['run', PROCESSES, 'fails', '--store', dir]).result()
  t.is(bad.status, 1)
  t.regex(bad.stdout, /error fail Error: no luck/)
})

test('fork, and watch of several', async t => {
  const { dir, runtime } = await openStore(t, asking)
  const job = await runtime.start(failing)
  await t.throwsAsync(job.result())
  const { stdout, status } = await runCli(['fork', job.pid, '--store', dir])
  t.is(status, 0)
  const pid = stdout.trim()
  const both = await runCli(['watch', job.pid, pid, '--store', dir])
  t.is(both.status, 1)
  t.regex(both.stdout, new RegExp(`^${job.pid} .*error second`, 'm'))
  t.regex(both.stdout, new RegExp(`^${pid} .*error second`, 'm'))
  const shown = await runCli(['watch', job.pid, pid, '--store', dir], {
    terminal: { isTTY: true, columns: 80, rows: 24 },
    env: { NO_COLOR: '1' },
  })
  t.true(shown.stdout.includes(pid) && shown.stdout.includes(job.pid))
})

test('hosts and gc', async t => {
  const { dir, runtime } = await openStore(t)
  await (await runtime.start(adding, { a: 1, b: 2 })).result()
  const hosts = await runCli(['hosts', '--store', dir])
  t.regex(hosts.stdout, new RegExp(`h\\w{11}\\s+alive\\s+${process.pid}`))
  t.is((JSON.parse((await runCli(['hosts', '--json', '--store', dir])).stdout) as unknown[]).length, 1)
  const later = { now: () => Date.now() + 11 * 3_600_000 }
  t.is((await runCli(['gc', '--store', dir])).stdout, '0 processes removed\n')
  t.is((await runCli(['gc', '--dry-run', '--store', dir], later)).stdout, '1 process would be removed\n')
  t.deepEqual(JSON.parse((await runCli(['gc', '--json', '--store', dir], later)).stdout), { removed: 1 })
})

test('what a step waits for is shown by its names, and one of them is answered', async t => {
  const waiting = defineProcess({ name: 'waiting' }).step('ask', async ({ waitFor }) =>
    Promise.all([waitFor<number>('price'), waitFor<number>('approval')]),
  )
  const { dir, runtime } = await openStore(t, waiting)
  const { pid } = await runtime.start(waiting)
  const waits = (count: number) => async () => {
    for await (const { steps } of runtime.watch(pid)) if (steps[0]?.waits?.length === count) return
  }
  await waits(2)()
  t.regex((await runCli(['show', pid, '--store', dir])).stdout, /ask {2}interrupted .*waits for price, approval/)
  const unnamed = await runCli(['proceed', pid, '--data', '1', '--store', dir])
  t.is(unnamed.status, 2)
  t.regex(unnamed.stderr, /waits for 'price', 'approval': say which/)
  const named = await runCli(['proceed', pid, '--name', 'approval', '--data', '2', '--store', dir])
  t.deepEqual([named.status, named.stdout], [0, `${pid} taken\n`])
  await waits(1)()
  t.is((await runCli(['proceed', pid, '--data', '1', '--store', dir])).status, 0)
  t.deepEqual(await runtime.result(pid), [1, 2])
})
