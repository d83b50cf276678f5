import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { openClient, type Client, type ProcessInfo } from 'stepwright'
import { kinds } from '../hosts/kinds.ts'
import { tempDir } from '../temp-dir.ts'

const host = join(import.meta.dirname, '../hosts/kinds-host.ts')

interface Crash {
  readonly pid: string
  readonly client: Client
  /** What the steps told, in order. */
  readonly told: string[]
  readonly info: ProcessInfo
}

/** Until the host of a process may be killed. */
type When = (told: string[], info: ProcessInfo | undefined, client: Client) => boolean | Promise<boolean>

/**
 * Kills the host of a process with SIGKILL once `when` says so, lets another one go on, and waits
 * for the end.
 */
async function crash(t: ExecutionContext, kind: string, when: When): Promise<Crash> {
  const dir = await tempDir(t)
  const store = join(dir, 'store'),
    effects = join(dir, 'effects')
  const toldNow = async () => (await readFile(effects, 'utf8').catch(() => '')).trimEnd().split('\n')
  const run = (role: string): ChildProcess => fork(host, [store, effects, kind, role], { execArgv: process.execArgv })
  const first = run('start')
  const [pid] = (await once(first, 'message')) as [string]
  const client = openClient(store)
  t.teardown(() => client.close())
  while (!(await when(await toldNow(), await client.get(pid), client))) await delay(5)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const second = run('go on')
  t.deepEqual(await client.result(pid), kinds(effects, false)[kind]?.output)
  await once(second, 'exit')
  return { pid, client, told: await toldNow(), info: (await client.get(pid))! }
}

const inTheMiddle = (told: string[]) => told.includes('middle')

test('parallel: after a crash only the branch that had not finished runs again', async t => {
  const { told, info } = await crash(t, 'parallel', inTheMiddle)
  t.deepEqual(told, ['ran both.quick', 'ran both.slow 1', 'middle', 'ran both.slow 2', 'middle'])
  t.is(info.recoveries, 1)
})

test('each: after a crash the items that had finished are not run again', async t => {
  const { told, info } = await crash(
    t,
    'each',
    (told, info) => inTheMiddle(told) && info?.steps[0]?.progress?.value === 5,
  )
  t.deepEqual(told.filter(line => line === 'ran 6').length, 2)
  t.is(told.length, 13, 'each other item ran once')
  t.like(info.steps[0], { attempt: 2, progress: { value: 10, total: 10 } })
})

test('process: after a crash the parent finds its child, which goes on', async t => {
  const { told, info, client } = await crash(t, 'process', inTheMiddle)
  t.deepEqual(told, ['input', 'ran child 1', 'middle', 'ran child 2', 'middle'])
  const all: ProcessInfo[] = []
  for await (const one of client.list()) all.push(one)
  t.is(all.length, 2)
  t.like(await client.get(info.steps[0]?.child ?? ''), {
    status: 'finished',
    recoveries: 1,
    parent: { pid: info.pid, step: 'child' },
  })
})

test('machine: after a crash it goes on in the state it was in', async t => {
  const { told, info } = await crash(
    t,
    'machine',
    (told, info) => inTheMiddle(told) && info?.steps[0]?.state === 'second',
  )
  t.deepEqual(told, ['first', 'ran work', 'middle', 'ran work', 'middle'])
  t.like(info.steps[0], { status: 'finished', state: 'end', attempt: 1 })
})

test('step actors: after a crash only the visit that had no outcome goes on, with what it did once', async t => {
  const { told, info } = await crash(t, 'agent', inTheMiddle)
  t.deepEqual(told, ['visit 1', 'visit 2', 'middle', 'middle', 'visit 3'])
  t.like(info.steps[0], { status: 'finished', state: 'end', attempt: 1 })
})

for (const mode of ['thread', 'own process'])
  test(`isolate in a ${mode}: after a crash the step runs again`, async t => {
    const { told } = await crash(t, mode, inTheMiddle)
    t.deepEqual(told, ['ran apart 1', 'middle', 'ran apart 2', 'middle'])
  })

test('memory: a host is killed before and after a wait, and each call is made once, in whatever order', async t => {
  const { told, info } = await crash(t, 'memory', async (told, info, client) => {
    if (info?.status === 'interrupted') await client.proceed(info.pid, { by: 'ada' })
    return inTheMiddle(told)
  })
  t.deepEqual(told, ['call plan', 'call search', 'call read', 'call write', 'middle', 'middle', 'call send'])
  t.like(info.steps[0], { status: 'finished', attempt: 3 })
})

test('memory: a host is killed while the step waits', async t => {
  const dir = await tempDir(t)
  const [store, effects] = [join(dir, 'store'), join(dir, 'effects')]
  const first = fork(host, [store, effects, 'memory', 'start'], { execArgv: process.execArgv })
  const [pid] = (await once(first, 'message')) as [string]
  const client = openClient(store)
  t.teardown(() => client.close())
  for await (const { status } of client.watch(pid)) if (status === 'interrupted') break
  first.kill('SIGKILL')
  await once(first, 'exit')
  t.is(await client.proceed(pid, { by: 'ada' }), 'kept')
  const second = fork(host, [store, effects, 'memory', 'go on'], { execArgv: process.execArgv })
  t.is(await client.result(pid), 'ada')
  await once(second, 'exit')
  const told = (await readFile(effects, 'utf8')).trimEnd().split('\n')
  t.deepEqual(told, ['call plan', 'call search', 'call read', 'call write', 'middle', 'call send'])
})
