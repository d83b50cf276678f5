import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openClient, ProcessCancelledError, ProcessError } from 'stepwright'
import { tempDir } from '../temp-dir.ts'

const program = join(import.meta.dirname, '../hosts/reading-host.ts')

async function hostAndClient(t: ExecutionContext) {
  const dir = join(await tempDir(t), 'store')
  const host = fork(program, [dir], { execArgv: process.execArgv })
  t.teardown(() => host.kill('SIGKILL'))
  await once(host, 'message')
  const client = openClient(dir)
  t.teardown(() => client.close())
  const start = async (start: 'waits' | 'fails', n?: number): Promise<string> => {
    host.send({ start, n })
    return ((await once(host, 'message')) as [string])[0]
  }
  return { dir, host, client, start }
}

test('another process sees how far a process is, waits for it, and reads its output and its history', async t => {
  const { client, start, host } = await hostAndClient(t)
  const pid = await start('waits', 4)
  for await (const { steps } of client.watch(pid)) if (steps[1]?.status === 'running') break
  const info = await client.get(pid)
  t.like(info, {
    pid,
    name: 'waits',
    status: 'running',
    input: { n: 4 },
    labels: { n: '4' },
    host: { state: 'alive', osPid: host.pid },
  })
  t.deepEqual(info?.steps[0]?.progress, { value: 4, total: 10, message: 'counting' })
  t.is(info?.output, undefined)
  await t.throwsAsync(client.delete(pid), { code: 'ERR_NOT_ENDED', message: new RegExp(pid) })

  const statuses: string[] = []
  const watching = (async () => {
    for await (const { status } of client.watch(pid)) statuses.push(status)
  })()
  const result = client.result(pid)
  host.send({ go: 'said' })
  t.deepEqual(await result, { n: 5, word: 'said' })
  await watching
  t.is(statuses.at(-1), 'finished')

  const ended = await client.get(pid)
  t.like(ended, { status: 'finished', output: { n: 5, word: 'said' }, host: undefined })
  const history = await client.history(pid)
  t.deepEqual(
    history.map(({ revision }) => revision),
    history.map((_, index) => index + 1),
  )
  t.deepEqual(
    history.filter(({ event }) => event.type !== 'PROGRESS').map(({ event, status }) => `${event.type} ${status}`),
    ['CREATE pending', 'START running', 'DONE running', 'DONE finished'],
  )
  await client.delete(pid)
  t.is(await client.get(pid), undefined)
  await t.throwsAsync(client.result(pid), { code: 'ERR_UNKNOWN_PROCESS' })
  await t.throwsAsync(client.delete(pid), { code: 'ERR_UNKNOWN_PROCESS' })
})

test('another process is told why a process failed or was cancelled', async t => {
  const { client, start, host } = await hostAndClient(t)
  const failed = await start('fails')
  const error = await t.throwsAsync<ProcessError>(client.result(failed), {
    instanceOf: ProcessError,
    code: 'ERR_STEP_FAILED',
  })
  t.like(error, { pid: failed, step: 'fail', attempt: 1 })
  t.like(error.cause as object, { message: 'no such file', code: 'ENOENT' })
  t.like((error.cause as Error).cause as object, { message: 'disk gone' })
  t.regex((error.cause as Error).stack ?? '', /reading-host/)
  const cancelled = await start('waits', 1)
  const result = t.throwsAsync(client.result(cancelled), {
    instanceOf: ProcessCancelledError,
    code: 'ERR_CANCELLED',
    message: /from its host/,
  })
  host.send({ cancel: cancelled })
  await result
})

test('lists by status, name and labels, newest first', async t => {
  const { client, start, host } = await hostAndClient(t)
  const [one, bad, two] = [await start('waits', 1), await start('fails'), await start('waits', 2)]
  await t.throwsAsync(client.result(bad))
  const pids = async (options?: Parameters<typeof client.list>[0]) =>
    (await Array.fromAsync(client.list(options))).map(({ pid }) => pid)
  t.deepEqual(await pids(), [two, bad, one].toSorted().toReversed())
  t.deepEqual(await pids({ name: 'waits' }), [two, one].toSorted().toReversed())
  t.deepEqual(await pids({ status: 'error' }), [bad])
  t.deepEqual((await pids({ status: ['error', 'running'] })).length, 3)
  t.deepEqual(await pids({ labels: { n: '2' } }), [two])
  t.deepEqual((await pids({ limit: 2 })).length, 2)
  t.deepEqual(await pids({ status: 'finished' }), [])
  t.deepEqual(await client.find(one), [one])
  host.send({ go: 'x' })
  await Promise.all([client.result(one), client.result(two)])
  t.deepEqual((await pids({ status: 'finished' })).length, 2)
})

test('a wait goes on through a close of the host, until somebody goes on with the process', async t => {
  const { client, start, host, dir } = await hostAndClient(t)
  const pid = await start('waits', 1)
  for await (const { steps } of client.watch(pid)) if (steps[1]?.status === 'running') break
  const result = client.result(pid)
  host.send({ close: true })
  host.send({ go: 'too late' })
  const [code] = (await once(host, 'exit')) as [number | null]
  t.is(code, 0)
  const next = fork(program, [dir], { execArgv: process.execArgv })
  t.teardown(() => next.kill('SIGKILL'))
  await once(next, 'message')
  next.send({ go: 'in time' })
  t.regex(((await result) as unknown as { word: string }).word, /in time|too late/)
})
