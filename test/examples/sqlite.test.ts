import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { runExample, temporaryFolder } from './run-example.ts'

test('processes in a SQLite file are found by a label, and copied', async t => {
  const { code, stdout, stderr } = await runExample(t, await temporaryFolder(t), 'sqlite.ts')
  t.is(stderr, '')
  t.is(code, 0)
  const [failed, finished, copied] = stdout.split('\n')
  t.is(failed, "error { customer: 'c0', euros: -5 } An invoice over -5 euros")
  t.is(finished, "finished { customer: 'c0', euros: 120 } ")
  t.is(copied, '4 copied into a folder')
})

test('the page about it shows the example as it is', async t => {
  const root = join(import.meta.dirname, '..', '..')
  const [page, example] = await Promise.all([
    readFile(join(root, 'docs/sqlite.md'), 'utf8'),
    readFile(join(root, 'examples/sqlite.ts'), 'utf8'),
  ])
  t.true(page.includes(`\`\`\`ts\n${example}\`\`\``))
})
