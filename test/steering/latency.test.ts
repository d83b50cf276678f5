import { join } from 'node:path'
import test from 'ava'
import { openClient } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'
import { start } from './children.ts'

test('a living host hears at once', async t => {
  const dir = join(await tempDir(t), 'store')
  const { message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '30')
  const client = openClient(dir)
  // The machine may be busy with other things for a while: the best of three rounds counts.
  let best = Infinity
  for (let round = 0; round < 3 && best >= 50; round++) {
    const times: number[] = []
    for (const pid of pids.slice(round * 10, round * 10 + 10)) {
      const begun = performance.now()
      t.is(await client.proceed(pid, { hold: true }), 'taken')
      times.push(performance.now() - begun)
    }
    const median = times.toSorted((a, b) => a - b)[times.length / 2]!
    best = Math.min(best, median)
    t.log(`median ${median.toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms`)
  }
  t.true(best < 50, `${best} ms`)
})
