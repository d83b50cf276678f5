import { posix } from 'node:path'
import test from 'ava'
import { exportedBy, isDocumented, namesOf } from './declared.ts'
import { commands, generatedPages, llmsTxt, regenerate, unformatted } from './generated.ts'
import { anchorsOf, docs, INDEX, inOrder, isThere, linksOf, pages, pathsOf, read } from './pages.ts'

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted((a, b) => a.localeCompare(b))

test('every link leads somewhere, in the package too', async t => {
  const { files } = JSON.parse(await read('package.json')) as { files: string[] }
  const packed = ['README.md', 'LICENSE', ...files]
  for (const page of pages)
    for (const { file, anchor, written } of linksOf(page, await read(page))) {
      t.true(isThere(file), `${written}: there is no ${file}`)
      t.true(
        packed.some(path => file === path || file.startsWith(`${path}/`)),
        `${written}: ${file} is not part of the package`,
      )
      if (anchor !== undefined && file.endsWith('.md'))
        t.true(anchorsOf(await read(file)).includes(anchor), `${written}: no heading of ${file} has this anchor`)
    }
})

test('every file that a page names is there', async t => {
  for (const page of pages)
    for (const path of pathsOf(await read(page))) t.true(isThere(path), `${page} names ${path}, which is not there`)
})

test('the index leads to every page', async t => {
  t.deepEqual(
    (await inOrder()).toSorted(),
    docs.filter(page => page !== INDEX),
  )
})

test('every command has a page, to which the page on the command line leads', async t => {
  const page = 'docs/command-line.md'
  const expected = commands.map(command => `docs/commands/${command.name()}.md`)
  t.deepEqual(sorted(docs.filter(name => name.startsWith('docs/commands/'))), sorted(expected))
  t.deepEqual(
    sorted(linksOf(page, await read(page)).map(({ file }) => file)).filter(file => expected.includes(file)),
    sorted(expected),
  )
})

test('the README says what each entry point is for, and pages name scripts that there are', async t => {
  const { exports, scripts } = JSON.parse(await read('package.json')) as Record<
    'exports' | 'scripts',
    Record<string, unknown>
  >
  const readme = await read('README.md')
  for (const path of Object.keys(exports!).filter(name => !name.endsWith('.json')))
    t.true(readme.includes(`| \`${posix.join('stepwright', path)}\` `), `the README has no row for ${path}`)
  for (const page of pages)
    for (const [, script = ''] of (await read(page)).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g))
      t.true(Object.hasOwn(scripts!, script), `${page} names the script ${script}`)
})

test('what is made from code is as the code is: `npm run docs:generate` writes it', async t => {
  for (const page of generatedPages) {
    const markdown = await read(page)
    t.true(unformatted(markdown) === unformatted(regenerate(page, markdown)), `${page}: run \`npm run docs\``)
  }
  t.true((await read('llms.txt')) === (await llmsTxt()), 'llms.txt: run `npm run docs:generate`')
})

test('no line of a program is longer than 120 columns', async t => {
  for (const page of pages)
    for (const [block] of (await read(page)).matchAll(/^```(?:ts|js|sh)\n[^]*?^```$/gm))
      for (const line of block.split('\n')) t.true(line.length <= 120, `${page}: ${line}`)
})

/**
 * `<!-- every StepContext -->` stands before a table, a list or headings that name all of what the
 * code declares, and nothing else.
 */
const MARK = /<!-- every ([\w, ]+?) -->\n([^]*?)(?=<!-- end -->)/g
const NAMED = /^(?:\|(?! -|---)|- |### )\s*((?:(?:, )?`[^`]+`)+)/gm

const namedIn = (text: string): string[] =>
  [...text.matchAll(NAMED)].flatMap(([, names = '']) =>
    [...names.matchAll(/`'?([\w-]+)/g)].map(([, name = '']) => name),
  )

/** What must be told in full somewhere. */
const TOLD = [
  'Client',
  'DashboardOptions',
  'EachOptions',
  'ErrorCode',
  'HostState',
  'InspectorOptions',
  'InstrumentOptions',
  'InterruptOptions',
  'LimitOptions',
  'MachineOptions',
  'McpServerOptions',
  'ParallelOptions',
  'ProcessInfo',
  'ProcessOptions',
  'ProcessStepInfo',
  'RetryPolicy',
  'RuntimeEvents',
  'RuntimeOptions',
  'ScheduleOptions',
  'StartOptions',
  'StepContext',
  'StepKind',
  'StepOptions',
  'StepStatus',
  'UndoContext',
  'UndoSpec',
  'WholeOptions',
  'WorkerOptions',
]

test('lists of what the code declares are whole', async t => {
  const told = new Set<string>()
  for (const page of pages)
    for (const [, kinds = '', text = ''] of (await read(page)).matchAll(MARK)) {
      for (const kind of kinds.split(', ')) told.add(kind)
      t.deepEqual(sorted(namedIn(text)), sorted(kinds.split(', ').flatMap(namesOf)), `${page}, ${kinds}`)
    }
  t.deepEqual(
    TOLD.filter(kind => !told.has(kind)),
    [],
    'no page lists what these have',
  )
})

test('the table of layers says what the linter enforces', async t => {
  const [table, rules] = await Promise.all(['ARCHITECTURE.md', '.oxlintrc.json'].map(read))
  const told = [...table!.matchAll(/^\| `src\/(?:runtime\/)?(\w+)\/` +\|[^|]*\| (\w[^`|]*?) +\|$/gm)].map(row =>
    row.slice(1),
  )
  const enforced = [...rules!.matchAll(/"message": "(\w+) may import (.*)\."/g)].map(rule => rule.slice(1))
  t.true(enforced.length > 10, 'the rules were found')
  t.deepEqual(Object.fromEntries(told), Object.fromEntries(enforced))
})

test('every export of an entry point has a doc comment', async t => {
  const { exports } = JSON.parse(await read('package.json')) as {
    exports: Record<string, { '@stepwright/source'?: string }>
  }
  const entries = Object.values(exports).flatMap(entry => entry['@stepwright/source'] ?? [])
  const names = entries.flatMap(exportedBy)
  t.true(names.length > 50, 'exports were found')
  t.deepEqual(sorted(names.filter(name => !isDocumented(name))), [])
})
