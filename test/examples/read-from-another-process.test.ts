import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { runExample, startExample, temporaryFolder } from './run-example.ts'

const EXAMPLE = 'read-from-another-process.ts'

test('--demo follows a process of another Node process to its result', async t => {
  const cwd = await temporaryFolder(t)
  const reader = startExample(t, cwd, EXAMPLE, '--demo')
  const { code, stdout, stderr } = await reader.ended
  t.is(stderr, '')
  t.is(code, 0)
  const [, host, reading] = /^brew-tea is running in Node process (\d+) \(this is (\d+)\)$/m.exec(stdout) ?? []
  t.is(reading, String(reader.child.pid))
  t.not(host, reading)
  t.regex(stdout, /^boil \d+ °C$/m)
  t.true(stdout.endsWith('\nfinished\nResult: 3 cups of tea, 0.75 litres'), stdout)

  const list = await runExample(t, cwd, EXAMPLE)
  t.is(list.code, 0)
  t.regex(list.stdout, /^[0-9a-z]+ {2}finished {5}\S+ {2}brew-tea$/)
})

test('a pid is followed while its host runs, and after that', async t => {
  const cwd = await temporaryFolder(t)
  const host = startExample(t, cwd, 'spawn.ts')
  const pid = (await host.line(/^Process /)).replace('Process ', '')
  t.true((await runExample(t, cwd, EXAMPLE, pid)).stdout.endsWith('Result: 3 cups of tea, 0.75 litres'))
  t.is((await host.ended).code, 0)
  const { stdout } = await runExample(t, cwd, EXAMPLE, pid)
  t.regex(stdout, /^brew-tea is finished \(this is \d+\)\nfinished\nResult: 3 cups of tea, 0.75 litres$/)
})

test('a pid that does not exist is a clear error', async t => {
  const cwd = await temporaryFolder(t)
  await runExample(t, cwd, 'spawn.ts')
  const { code, stderr } = await runExample(t, cwd, EXAMPLE, '0abc0000000000000000')
  t.is(code, 1)
  t.regex(stderr, /^There is no process 0abc0000000000000000 in \.stepwright/)
})

test('a folder without a store is a clear error, and stays as it is', async t => {
  const cwd = await temporaryFolder(t)
  const { code, stderr } = await runExample(t, cwd, EXAMPLE)
  t.is(code, 1)
  t.true(stderr.startsWith(`There is no store at ${join(cwd, '.stepwright')}`), stderr)
  t.deepEqual(await readdir(cwd), [])
})
