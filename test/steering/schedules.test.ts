import { join } from 'node:path'
import test from 'ava'
import { openClient } from '../../src/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { tempDir } from '../temp-dir.ts'
import { kill, start } from './children.ts'

test('two hosts in processes of their own keep a schedule: one process per tick, also when one of them is killed', async t => {
  const dir = join(await tempDir(t), 'store')
  const [one] = await Promise.all([1, 2].map(() => start(t, 'scheduled-host.ts', dir)))
  const client = openClient(dir)
  const ticks = new Set<string>()
  const stop = new AbortController()
  for await (const { labels, status } of client.watchAll({ signal: stop.signal })) {
    if (status !== 'finished') continue
    ticks.add(labels!['tick']!)
    if (ticks.size === 2) await kill(one!.child)
    if (ticks.size === 4) stop.abort()
  }
  const all: string[] = []
  for await (const { labels } of client.list()) all.push(labels!['tick']!)
  t.is(new Set(all).size, all.length)
  const { stdout } = await runCli(['schedules', '--store', dir], { now: () => Date.now() })
  t.regex(stdout, /^NAME\s+SCHEDULE\s+ZONE\s+NEXT\s+MISSED\nticking\s+\* \* \* \* \* \*\s+UTC\s+\d{4}-/)
  t.is((JSON.parse((await runCli(['schedules', '--json', '--store', dir])).stdout) as unknown[]).length, 1)
})
