import { once } from 'node:events'
import { join } from 'node:path'
import test from 'ava'
import {
  createRuntime,
  defineProcess,
  lowdbStore,
  openClient,
  typed,
  type Runtime,
  type Store,
} from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { tempDir } from '../temp-dir.ts'
import { runCli } from './fake-io.ts'
import { spawnCli } from './store.ts'
import { screenAfter } from './terminal.ts'

const now = () => Date.now()
const TERMINAL = { isTTY: true, columns: 100, rows: 24 }

const failing = defineProcess({ name: 'failing', input: typed<number>() }).step('fail', () => {
  throw new Error('no')
})
const asking = defineProcess({ name: 'asking' }).interrupt('ask')

async function fail(runtime: Runtime, count: number): Promise<string[]> {
  const jobs = await Promise.all(
    Array.from({ length: count }, (_, n) => runtime.start(failing, n, { labels: { n: `${n % 2}` } })),
  )
  await Promise.allSettled(jobs.map(job => job.result()))
  return jobs.map(({ pid }) => pid)
}

const STORES: Readonly<Record<string, readonly [path: string, open: (path: string) => Store]>> = {
  lowdb: ['store', lowdbStore],
  sqlite: ['store.sqlite', sqliteStore],
}

for (const [kind, [name, open]] of Object.entries(STORES))
  test(`${kind}: 500 failed ones, one command that is killed and run again: 500 retries, each once`, async t => {
    const path = join(await tempDir(t), name)
    const runtime = await createRuntime({ processes: [failing], store: open(path) })
    const failed = await fail(runtime, 500)
    await runtime.close()
    const { child, result } = spawnCli(['retry', '--status', 'error', '--yes', '--store', path])
    // The first ones are retried.
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await result()
    const client = openClient(path)
    t.teardown(() => client.close())
    const before = (await Array.fromAsync(client.list({ retried: true }))).length
    t.true(before > 0 && before < 500, `${before} were retried before the kill`)
    const { status, stderr } = await runCli(['retry', '--status', 'error', '--yes', '--store', path], { now })
    t.deepEqual([status, stderr], [0, `stepwright: ${500 - before} processes retried\n`])
    const retries = await Array.fromAsync(client.list({ status: 'pending' }))
    t.is(retries.length, 500)
    t.deepEqual(retries.map(({ retryOf }) => retryOf!).toSorted(), failed.toSorted())
    t.deepEqual(await runCli(['list', '--open', '-q', '--store', path]), { status: 0, stdout: '', stderr: '' })
  })

test('asks on a terminal, and shows how far it is; elsewhere --yes or --dry-run is needed', async t => {
  const path = join(await tempDir(t), 'store')
  const runtime = await createRuntime({ processes: [failing, asking], store: lowdbStore(path) })
  t.teardown(() => runtime.close())
  await fail(runtime, 10)
  const questions: string[] = []
  const answering = (answer: string) => ({
    terminal: TERMINAL,
    env: { NO_COLOR: '1' },
    now,
    ask: async (question: string) => (questions.push(question), answer),
  })
  const retry = ['retry', '--label', 'n=1', '--since', '1h', '--store', path]
  const unasked = await runCli(retry, { now })
  t.is(unasked.status, 2)
  t.regex(unasked.stderr, /give --yes/)
  const dry = await runCli([...retry, '--dry-run'], { now })
  t.deepEqual(
    [dry.status, dry.stdout.split('\n').length, dry.stderr],
    [0, 6, 'stepwright: 5 processes would be retried\n'],
  )
  t.like(await runCli(retry, answering('n')), { status: 2, stderr: 'stepwright: Nothing was done\n' })
  t.is((await runtime.counts()).error, 10)
  const { status, stdout, stderr } = await runCli(retry, answering('y'))
  t.deepEqual([status, stderr], [0, 'stepwright: 5 processes retried\n'])
  t.regex(screenAfter(stdout).lines.join('\n'), /█{30} 5\/5/)
  t.deepEqual(questions, ['Retry 5 processes? [y/N] ', 'Retry 5 processes? [y/N] '])
  t.is((await Array.fromAsync(runtime.list({ retried: true }))).length, 5)
})

test('cancel and delete of all that fit; wrong use', async t => {
  const path = join(await tempDir(t), 'store')
  const runtime = await createRuntime({ processes: [failing, asking], store: lowdbStore(path) })
  t.teardown(() => runtime.close())
  await runtime.start(asking)
  const [pid = ''] = await fail(runtime, 1)
  const cancelled = await runCli(
    ['cancel', '--name', 'asking', '--reason', 'enough', '--yes', '--json', '--store', path],
    { now },
  )
  t.like(JSON.parse(cancelled.stdout), { name: 'asking', outcome: 'taken', done: 1, total: 1 })
  t.like(await runCli(['delete', '--status', 'cancelled', '--yes', '--store', path], { now }), {
    status: 0,
    stderr: 'stepwright: 1 process deleted\n',
  })
  t.like(await runtime.counts(), { cancelled: 0, error: 1 })
  for (const [argv, message] of [
    [['delete', pid, '--name', 'failing'], /not both/],
    [['delete'], /Which processes/],
    [['cancel'], /Which processes/],
    [['retry', pid, '--dry-run'], /--dry-run/],
    [['cancel', '--status', 'error', '--yes'], /one of pending/],
    [['list', '--open', '--status', 'error'], /cannot be used with/],
  ] as const) {
    const { status, stderr } = await runCli([...argv, '--store', path], { now })
    t.is(status, 2)
    t.regex(stderr, message)
  }
  const again = (await runCli(['retry', pid.slice(-8), '--store', path])).stdout.trim()
  t.like(await runtime.get(again), { retryOf: pid })
  t.regex((await runCli(['show', pid, '--store', path], { now })).stdout, new RegExp(`retried by +${again}`))
  t.regex((await runCli(['show', again, '--store', path], { now })).stdout, new RegExp(`retry of +${pid}`))
})
