import { fork, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openClient } from '../../src/client/index.ts'
import { storeAt } from '../../src/client/store-at.ts'
import type { ProcessRecord } from '../../src/record/record.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { aTransition, collect, created, theEnd } from '../../src/testing/conformance/samples.ts'
import { BATCH, type PendingTold } from './children/many-pending.ts'
import { told } from './children/spawn.ts'
import { tempDir } from './helpers.ts'

/** A folder on a disk of one megabyte; `undefined` where this user may not mount one. */
function smallDisk(t: ExecutionContext): string | undefined {
  const dir = path.join(tempDir(t), 'disk')
  fs.mkdirSync(dir)
  const mounted =
    process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]).status === 0
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

/**
 * The longest time in which the event loop did not turn while `work` was done. CPU time: other
 * programs on this machine do not count.
 */
async function longestTurnMs(work: () => Promise<void>): Promise<number> {
  const cpuMs = (): number => process.cpuUsage().user / 1000
  let [longest, since, isOver] = [0, cpuMs(), false]
  const turn = (): void => {
    longest = Math.max(longest, cpuMs() - since)
    since = cpuMs()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  isOver = true
  turn()
  return Math.round(longest)
}

for (const kind of ['store', 'store.sqlite']) {
  test.serial(`${kind}: a history of 100,000 lines is read while the event loop turns`, async t => {
    const store = storeAt(path.join(tempDir(t), kind))
    const host = await store.openHost()
    const samples = memoryStore()
    const first = await created(await samples.openHost())
    const history = [
      first,
      ...Array.from({ length: 99_998 }, (_, n) => ({ ...first, ...aTransition(first, n + 2) }) as ProcessRecord),
      { ...first, ...theEnd(first, 100_000) } as ProcessRecord,
    ]
    await host.import(history, { log: [], stream: [] })
    const client = openClient(store)
    let lines = 0
    const blockedMs = await longestTurnMs(async () => void (lines = (await client.history(first.pid)).length))
    t.is(lines, 100_000)
    t.log(`longest turn ${blockedMs} ms`)
    t.true(blockedMs < 1_000, `the event loop was held up for ${blockedMs} ms`)
    await client.close()
    await host.close()
    await store.close()
  })
}

for (const kind of ['store', 'store.sqlite']) {
  test.serial(`${kind}: a host takes the oldest of 10,000 that wait, in order, while the event loop turns`, async t => {
    const args = [path.join(tempDir(t), kind), '10000', '500']
    const program = new URL('./children/many-pending.ts', import.meta.url)
    const child = fork(program, args, { execArgv: ['--conditions=@stepwright/source'] })
    t.teardown(() => child.kill('SIGKILL'))
    const figures = await told<PendingTold>(child)
    t.log(figures)
    t.true(figures.outOfPlace <= BATCH)
    t.true(figures.longestTurnMs < 1_000)
    t.true(figures.rssMiB < 400)
  })
}
