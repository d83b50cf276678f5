import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'ava'
import { openClient } from 'stepwright'
import { tempDir } from '../temp-dir.ts'

const program = join(import.meta.dirname, '../hosts/alone-host.ts')

const LAST = { sleeping: 'finished', retrying: 'finished', interrupted: 'interrupted', failing: 'error' } as const
for (const [kind, status] of Object.entries(LAST))
  test(`a ${kind} process: Node stays until it is ${status}, and leaves by itself`, async t => {
    const dir = join(await tempDir(t), 'store')
    const child = fork(program, [dir, kind], {
      execArgv: process.execArgv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    // The channel to the parent must not be what keeps it.
    child.disconnect()
    const [code] = (await once(child, 'exit')) as [number | null]
    t.is(code, 0)
    const client = openClient(dir)
    t.deepEqual(
      (await Array.fromAsync(client.list())).map(info => info.status),
      [status],
    )
    await client.close()
  })
