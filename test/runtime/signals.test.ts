import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'ava'
import { createRuntime, lowdbStore, openClient } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'

test('a host that closes on SIGTERM lets its processes go in order, and then goes down by the signal', async t => {
  const dir = await tempDir(t)
  const child = fork(join(import.meta.dirname, '../hosts/signalled-host.ts'), [dir], { execArgv: process.execArgv })
  const [pid] = (await once(child, 'message')) as [string]
  child.kill('SIGTERM')
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  t.deepEqual([code, signal], [null, 'SIGTERM'])
  const client = openClient(dir)
  t.like(await client.get(pid), { status: 'running', host: undefined, recoveries: 0 })
  t.deepEqual(await client.hosts(), [])
  await client.close()
})

test('names that are no signals are refused', async t => {
  await t.throwsAsync(
    createRuntime({ processes: [], store: lowdbStore(await tempDir(t)), closeOn: ['SIGNOTHING' as 'SIGTERM'] }),
    {
      instanceOf: TypeError,
      message: /SIGNOTHING/,
    },
  )
})
