import { join } from 'node:path'
import test from 'ava'
import { openClient } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'
import { start, steer } from './children.ts'

test('100 steerers on 100 processes of two hosts: each process goes on once, whoever asked', async t => {
  const dir = join(await tempDir(t), 'store')
  const hosts = await Promise.all([0, 1].map(() => start<string[]>(t, 'steered-host.ts', dir, '50')))
  const pids = hosts.flatMap(({ message }) => message)
  const wishes = (who: number): [string, string, object][] => pids.map(pid => ['proceed', pid, { who }])
  const [first, second] = await Promise.all([steer(t, dir, wishes(1)), steer(t, dir, wishes(2))])
  const client = openClient(dir)
  for (const [index, pid] of pids.entries()) {
    const pair = [first[index]?.outcome, second[index]?.outcome]
    const winner = pair.indexOf('taken') + 1
    t.true(
      winner > 0 && ['ERR_NOT_INTERRUPTED', 'ERR_ALREADY_ENDED'].includes(pair[2 - winner]!),
      `${pid}: ${pair.join(', ')}`,
    )
    t.is(((await client.result(pid)) as { who: number }).who, winner)
    t.is((await client.history(pid)).filter(({ event }) => event.type === 'PROCEED').length, 1)
  }
})
