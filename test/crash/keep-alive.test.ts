import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'ava'
import { openClient, type ProcessInfo } from 'stepwright'
import { tempDir } from '../temp-dir.ts'
import { crashWorld } from './world.ts'

const program = join(import.meta.dirname, '../hosts/idle-host.ts')

/** Resolves when the program has left by itself. */
async function run(dir: string, kind: string): Promise<number | null> {
  const child = fork(program, [dir, kind], {
    execArgv: process.execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // The channel to the parent must not be what keeps it.
  child.disconnect()
  return ((await once(child, 'exit')) as [number | null])[0]
}

async function statusesOf(dir: string): Promise<ProcessInfo['status'][]> {
  const client = openClient(dir)
  const infos = await Array.fromAsync(client.list())
  await client.close()
  return infos.map(({ status }) => status)
}

const LEFT: Record<string, ProcessInfo['status'][]> = {
  idle: [],
  running: ['finished'],
  pending: ['finished', 'finished'],
  interrupted: ['interrupted'],
}
for (const [kind, statuses] of Object.entries(LEFT))
  test(`${kind}: Node leaves by itself, and leaves ${statuses.join(' and ') || 'nothing'}`, async t => {
    const dir = join(await tempDir(t), 'store')
    t.is(await run(dir, kind), 0)
    t.deepEqual(await statusesOf(dir), statuses)
  })

test('a host that looks after others, one of which does not answer, and that takes over what waits for a person, is idle', async t => {
  const world = await crashWorld(t)
  const [victim, stopped] = await Promise.all([world.open('victim'), world.open('stopped')])
  const [pid = ''] = await victim.ask('start', { name: 'asking' })
  await world.until(pid, 'interrupted', ({ status }) => status === 'interrupted')
  stopped.kill('SIGSTOP')
  await victim.die()
  t.is(await run(world.dir, 'adopting'), 0)
  t.like(await world.get(pid), { status: 'interrupted', host: { state: 'dead' } })
})
