import { fork, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { storeAt } from '../../src/client/store-at.ts'
import { aTransition, collect, created, theEnd } from '../../src/testing/conformance/samples.ts'
import { told } from './children/spawn.ts'
import { tempDir } from './helpers.ts'

/** A folder on a disk of one megabyte; `undefined` where this user may not mount one. */
function smallDisk(t: ExecutionContext): string | undefined {
  const dir = path.join(tempDir(t), 'disk')
  fs.mkdirSync(dir)
  const mounted = process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]).status === 0
  if (!mounted) return undefined
  t.teardown(() => spawnSync('umount', ['--lazy', dir]))
  return dir
}

for (const kind of ['store', 'store.sqlite']) {
  test.serial(`${kind}: a disk that is full fails writes with a code, and loses nothing`, async t => {
    const disk = smallDisk(t)
    if (disk === undefined) return void t.pass('no disk of its own here')
    const store = storeAt(path.join(disk, kind))
    const host = await store.openHost()
    const record = await created(host)
    let revision = 1
    let failure: { code?: string; message?: string } | undefined
    while (failure === undefined) {
      try {
        await host.write(aTransition(record, revision + 1, { data: 'x'.repeat(10_000) }))
        revision += 1
      } catch (error) {
        failure = error as Error
      }
    }
    t.like(failure, { code: 'ERR_STORE_WRITE' })
    t.regex(failure.message!, /full/)
    t.is((await store.get(record.pid))?.record.revision, revision)
    await t.throwsAsync(created(host, { input: 'x'.repeat(100_000) }), { code: 'ERR_STORE_WRITE' })
    t.is((await collect(store.list())).length, 1)
    spawnSync('mount', ['-o', 'remount,size=8m', disk])
    await host.write(theEnd(record, revision + 1))
    t.is((await store.history(record.pid))?.length, revision + 1)
    await host.close()
    await store.close()
  })

  test.serial(`${kind}: a host gets along with few open files`, async t => {
    const program = new URL('./children/few-files.ts', import.meta.url)
    const child = fork(program, [path.join(tempDir(t), kind), '300'], {
      execPath: '/bin/sh',
      execArgv: ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, '--conditions=@stepwright/source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    t.is(await told<string>(child), 'fine')
  })
}
