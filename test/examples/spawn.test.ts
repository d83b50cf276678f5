import { join } from 'node:path'
import test from 'ava'
import { openClient } from '../../src/client/index.ts'
import { runExample, temporaryFolder } from './run-example.ts'

test('spawn.ts prints the pid, the progress and the result', async t => {
  const cwd = await temporaryFolder(t)
  const { code, stdout, stderr } = await runExample(t, cwd, 'spawn.ts')
  t.is(stderr, '')
  t.is(code, 0)
  const lines = stdout.split('\n')
  const pid = lines[0]?.replace('Process ', '') ?? ''
  t.regex(pid, /^[0-9a-z]+$/)
  t.deepEqual(
    [...new Set(lines.slice(1))].filter(line => !/^boil \d/.test(line)),
    ['steep', 'pour', 'finished', '3 cups of tea, 0.75 litres'],
  )
  t.true(lines.includes('boil 60 °C'), stdout)

  const client = openClient(join(cwd, '.stepwright'))
  t.teardown(() => client.close())
  t.like(await client.get(pid), { status: 'finished', name: 'brew-tea', output: '3 cups of tea, 0.75 litres' })
})
