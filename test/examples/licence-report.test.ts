import { exec } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { openClient } from '../../src/client/index.ts'
import { runExample, startExample, temporaryFolder } from './run-example.ts'

const EXAMPLE = 'licence-report.ts'
const NODE_MODULES = join(import.meta.dirname, '..', '..', 'node_modules')

/** Writes files below a folder: their contents by path, objects as JSON. */
async function plant(folder: string, files: Record<string, unknown>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

async function plantMany(t: ExecutionContext, count: number): Promise<string> {
  const folder = await temporaryFolder(t)
  await plant(
    folder,
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [
        `node_modules/p${n}/package.json`,
        { name: `p${n}`, version: '1.0.0', license: 'MIT' },
      ]),
    ),
  )
  return folder
}

const section = (report: string, title: string): string[] =>
  (report.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '')
    .trim()
    .split('\n')
    .filter(line => line.startsWith('- '))

test('every way to state a licence is told apart', async t => {
  const folder = await temporaryFolder(t)
  await plant(folder, {
    'node_modules/plain/package.json': { name: 'plain', version: '1.0.0', license: 'MIT' },
    'node_modules/plain/LICENSE': '# The MIT License\n\nPermission is hereby granted',
    'node_modules/plain/node_modules/nested/package.json': {
      name: 'nested',
      version: '2.0.0',
      license: 'LGPL-2.1-or-later',
    },
    'node_modules/plain/node_modules/nested/COPYING.md': 'GNU LESSER',
    'node_modules/@scope/strict/package.json': {
      name: '@scope/strict',
      version: '3.0.0',
      license: 'GPL-2.0-only WITH Classpath-exception-2.0',
    },
    'node_modules/choice/package.json': { name: 'choice', version: '1.0.0', license: '(MPL-2.0 OR Apache-2.0)' },
    'node_modules/other-choice/package.json': {
      name: 'other-choice',
      version: '1.0.0',
      license: 'Apache-2.0 OR MPL-2.0',
    },
    'node_modules/both/package.json': { name: 'both', version: '1.0.0', license: 'MIT AND (CC-BY-SA-4.0 OR EPL-2.0)' },
    'node_modules/old/package.json': {
      name: 'old',
      version: '0.1.0',
      licenses: [{ type: 'MIT', url: 'x' }, { type: 'Apache-2.0' }],
    },
    'node_modules/object/package.json': { name: 'object', version: '0.2.0', license: { type: 'ISC' } },
    'node_modules/words/package.json': { name: 'words', version: '1.0.0', license: 'GPLv3 | or \u001B[31mso' },
    'node_modules/silent/package.json': { name: 'silent', version: '1.0.0' },
    'node_modules/silent/LICENCE.txt': '\n  Do what you like \n',
    'node_modules/mute/package.json': { name: 'mute', version: '1.0.0', license: ' ' },
    'node_modules/broken/package.json': '{ "name": "broken", ',
    'node_modules/empty/index.js': '',
    'node_modules/.bin/tool': '',
    'node_modules/.cache/x/package.json': { name: 'x', version: '1.0.0', license: 'X' },
    'packages/app/node_modules/deep/package.json': { name: 'deep', version: '1.0.0', license: 'MIT' },
    'linked/package.json': { name: 'linked', version: '1.0.0', license: '0BSD' },
  })
  await symlink(join(folder, 'linked'), join(folder, 'node_modules', 'linked'), 'junction')
  await symlink(
    join(folder, 'node_modules', 'plain'),
    join(folder, 'node_modules', 'plain', 'node_modules', 'round'),
    'junction',
  )
  await symlink(join(folder, 'node_modules', 'gone'), join(folder, 'node_modules', 'dangling'), 'junction')

  const cwd = await temporaryFolder(t)
  const { code, stdout, stderr } = await runExample(t, cwd, EXAMPLE, folder)
  t.is(stderr, '')
  t.is(code, 0)
  t.regex(stdout, /^15 packages, 9 licences$/m)
  t.regex(stdout, /^4 copyleft, 2 where copyleft is one choice, 2 without a licence, 1 not SPDX, 2 unreadable$/m)
  t.true(stdout.endsWith(`The report is in ${join(cwd, 'licences.md')}`), stdout)
  for (const step of [
    'find finished 15',
    'manifests finished 15/15',
    'licence-files finished 15/15',
    'group finished',
    'write finished',
  ])
    t.true(stdout.includes(`  ${step}\n`), stdout)

  const report = await readFile(join(cwd, 'licences.md'), 'utf8')
  const installed = (name: string, version: string, path = name): string =>
    `- ${name} ${version} in ${join('node_modules', path).replaceAll('_', '\\_')}`
  t.deepEqual(section(report, 'Copyleft').toSorted(), [
    `${installed('@scope/strict', '3.0.0')}: GPL-2.0-only WITH Classpath-exception-2.0, copyleft`,
    `${installed('both', '1.0.0')}: (CC-BY-SA-4.0 OR EPL-2.0) AND MIT, copyleft`,
    `${installed('choice', '1.0.0')}: Apache-2.0 OR MPL-2.0, can be used without copyleft: one of the others may be chosen`,
    `${installed('nested', '2.0.0', join('plain', 'node_modules', 'nested'))}: LGPL-2.1-or-later, copyleft`,
    `${installed('other-choice', '1.0.0')}: Apache-2.0 OR MPL-2.0, can be used without copyleft: one of the others may be chosen`,
    `${installed('words', '1.0.0')}: GPLv3 \\| or \\[31mso, perhaps copyleft: its words say so`,
  ])
  t.deepEqual(section(report, 'No licence'), [
    `${installed('mute', '1.0.0')}: no licence file either`,
    `${installed('silent', '1.0.0')}: but \`LICENCE.txt\` begins "Do what you like"`,
  ])
  t.deepEqual(section(report, 'Not SPDX'), [`${installed('words', '1.0.0')}: GPLv3 \\| or \\[31mso`])
  const unreadable = section(report, 'Unreadable')
  t.is(unreadable.length, 2)
  t.regex(unreadable[0] ?? '', /^- broken \? in .*JSON/)
  t.is(unreadable[1], `${installed('empty', '?')}: there is no package.json`)
  t.true(report.includes('- old 0.1.0 in node\\_modules/old (from an old `licenses` array, read as a choice)'), report)
  t.true(report.includes('| Apache-2.0 OR MIT | 1 |  |'), report)
  t.true(report.includes('| MIT | 2 |  |'), report)
  t.true(
    report.includes(`- deep 1.0.0 in ${join('packages', 'app', 'node_modules', 'deep').replaceAll('_', '\\_')}`),
    report,
  )
  t.false(report.includes('\u001B'))
})

test('every package that npm installed for this project is reported', async t => {
  const cwd = await temporaryFolder(t)
  const { code, stdout, stderr } = await runExample(t, cwd, EXAMPLE, '--pace', '0')
  t.is(stderr, '')
  t.is(code, 0)
  const lock = JSON.parse(await readFile(join(NODE_MODULES, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  const lines = new Set(
    (await readFile(join(cwd, 'licences.md'), 'utf8'))
      .split('\n')
      .map(line => line.replaceAll('\\', '').replace(/ (?:in|\(from) .*/, '')),
  )
  const installed = Object.entries(lock.packages).map(
    ([path, { version }]) => `- ${path.split('node_modules/').at(-1)} ${version}`,
  )
  t.deepEqual(
    installed.filter(line => !lines.has(line)),
    [],
  )
  // An install script may have brought more than npm knows of.
  const [, count] = /^(\d+) packages, \d+ licences$/m.exec(stdout) ?? []
  t.true(Number(count) >= installed.length, `${count} of ${installed.length}`)
})

test('wrong arguments are told before anything is written', async t => {
  const cwd = await temporaryFolder(t)
  const told = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runExample(t, cwd, EXAMPLE, ...args)
    t.is(code, 1)
    t.is(stdout, '')
    return stderr
  }
  t.is(await told('nowhere'), `licence-report: There is no folder ${join(cwd, 'nowhere')}\n`)
  t.is(await told('--pace', 'slow'), `licence-report: --pace must be milliseconds from 0 to 60000, received 'slow'\n`)
  t.is(await told('a', 'b'), 'licence-report: Give one folder, not 2: a, b\n')
  t.regex(await told('--fast'), /^licence-report: Unknown option '--fast'/)
  t.deepEqual(await readdir(cwd), [])
})

test('a folder without packages ends the process in an error', async t => {
  const cwd = await temporaryFolder(t)
  const { code, stderr } = await runExample(t, cwd, EXAMPLE, '.')
  t.is(code, 1)
  t.regex(stderr, /^licence-report: .*There are no installed packages in .*: give a folder that has node_modules\n$/)
  t.deepEqual(await readdir(cwd), ['.stepwright'])
})

test('the next run continues a run that was killed', async t => {
  const cwd = await plantMany(t, 20)
  const first = startExample(t, cwd, EXAMPLE, '.', '--pace', '50')
  const pid = /^Process (\S+)/.exec(await first.line(/^Process /))?.[1] ?? ''
  await first.line(/^ {2}manifests running/)
  first.child.kill('SIGKILL')
  await first.ended

  const { code, stdout } = await runExample(t, cwd, EXAMPLE, '.')
  t.is(code, 0)
  t.regex(stdout, new RegExp(`^Process ${pid}, started at \\S+, continues where it was$`, 'm'))
  t.regex(stdout, /^20 packages, 1 licence$/m)

  const client = openClient(join(cwd, '.stepwright'))
  t.teardown(() => client.close())
  const processes = []
  for await (const { pid, status, recoveries, steps } of client.list())
    processes.push({ pid, status, recoveries, attempts: steps.map(({ attempt }) => attempt) })
  t.deepEqual(processes, [{ pid, status: 'finished', recoveries: 1, attempts: [1, 2, 1, 1, 1] }])
})

test('what is done before Ctrl-C is not done again', async t => {
  const cwd = await plantMany(t, 30)
  const first = startExample(t, cwd, EXAMPLE, '.', '--pace', '40')
  await first.line(/^ {2}manifests running 1[0-9]\/30/)
  first.child.kill('SIGINT')
  await first.ended
  const client = openClient(join(cwd, '.stepwright'))
  t.teardown(() => client.close())
  const manifests = async (): Promise<number> => {
    for await (const { steps } of client.list()) return steps[1]?.progress?.value ?? 0
    return 0
  }
  const before = await manifests()
  t.true(before >= 10)
  const second = startExample(t, cwd, EXAMPLE, '.', '--pace', '40')
  const line = await second.line(/^ {2}manifests running \d+\/30/)
  t.true(Number(/(\d+)\/30/.exec(line)![1]) >= before, line)
  t.is((await second.ended).code, 0)
})

test('the command it prints shows the process from another terminal', async t => {
  const cwd = await plantMany(t, 20)
  const example = startExample(t, cwd, EXAMPLE, '.', '--pace', '50')
  const command = await example.line(/^ {4}\S.* watch /)
  const { stdout } = await promisify(exec)(command, { cwd })
  // On a slow machine it may have ended before the command looks; the end is shown all the same.
  t.regex(stdout, /finished/)
  t.regex(stdout, /licences\.md/)
  t.is((await example.ended).code, 0)
})
