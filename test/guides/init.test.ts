import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { runCli } from '../cli/fake-io.ts'
import { tempDir } from '../temp-dir.ts'
import { asProject } from './guide.ts'

const OWN_OPTIONS =
  '--customConditions @stepwright/source --lib es2024,esnext.array,esnext.disposable --exactOptionalPropertyTypes'

test('stepwright init makes a project whose types, test and process are fine', async t => {
  const folder = join(await tempDir(t), 'My Project!')
  const { status, stdout } = await runCli(['init', folder])
  t.is(status, 0)
  t.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map(line => line.split('/').at(-1)),
    ['package.json', 'tsconfig.json', 'tea.ts', 'tea.test.ts'],
  )
  const { name, dependencies, scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string
    dependencies: Record<string, string>
    scripts: Record<string, string>
  }
  t.is(name, 'my-project')
  t.regex(dependencies['stepwright']!, /^\^\d+\.\d+\.\d+/)
  const project = await asProject(folder)
  const [, tested, started] = await Promise.all([
    // The package is there as its sources, which compile with its own options.
    project.run(`${scripts['check']} ${OWN_OPTIONS}`),
    project.run(scripts['test']!),
    project.run(scripts['start']!),
  ])
  t.regex(tested!, /pass 1\b/)
  t.regex(started!, /"a cup of Assam, 96 °C hot"/)
})

test('stepwright init changes nothing that is there', async t => {
  const folder = await tempDir(t)
  await writeFile(join(folder, 'tea.ts'), '// mine\n')
  const { status, stderr } = await runCli(['init', folder])
  t.is(status, 2)
  t.regex(stderr, /has tea\.ts already/)
  t.is(await readFile(join(folder, 'tea.ts'), 'utf8'), '// mine\n')
})
