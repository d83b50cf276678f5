import { join } from 'node:path'
import test from 'ava'
import { openClient } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'
import { kill, start, steer } from './children.ts'

const outcomes = (found: readonly { outcome: string }[]): string[] => found.map(({ outcome }) => outcome)

test('a SQLite store is submitted to before it is there; a worker takes it, and is steered from elsewhere', async t => {
  const file = join(await tempDir(t), 'store.sqlite')
  const [pid = '', doomed = ''] = outcomes(
    await steer(t, file, [
      ['submit', 'sign-off', { n: 7 }, { key: 'seven' }],
      ['submit', 'sign-off', { n: 8 }],
    ]),
  )
  const client = openClient(file)
  t.like(await client.get(pid), { status: 'pending', version: '', host: undefined })
  t.deepEqual(outcomes(await steer(t, file, [['cancel', doomed, 'enough']])), ['kept'])
  const { child } = await start(t, 'steered-host.ts', file, '0', 'worker')
  await t.throwsAsync(client.result(doomed), { message: /enough/ })
  for await (const { status } of client.watch(pid)) if (status === 'interrupted') break
  t.like(await client.get(pid), { version: '1', host: { state: 'alive' } })
  const answers = await steer(t, file, [
    ['proceed', pid, { first: true }],
    ['proceed', pid, { first: true }],
    ['send', pid, 'anything'],
  ])
  t.is(answers.filter(({ outcome }) => outcome === 'taken').length, 1, JSON.stringify(answers))
  t.deepEqual(await client.result(pid), { n: 7, first: true })
  await kill(child)
  t.deepEqual(outcomes(await steer(t, file, [['cancel', pid]])), ['ERR_ALREADY_ENDED'])
  const [fork = ''] = outcomes(await steer(t, file, [['fork', pid, { from: 'ask' }]]))
  await start(t, 'steered-host.ts', file)
  for await (const { status } of client.watch(fork)) if (status === 'interrupted') break
  t.is(await client.proceed(fork, { first: false }), 'taken')
  t.deepEqual(await client.result(fork), { n: 7, first: false })
  await client.close()
})
