import { execFile } from 'node:child_process'
import { access, chmod, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openClient } from 'stepwright'
import { tempDir } from '../temp-dir.ts'
import { normalize, parsePage, type Example, type Page } from './blocks.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = ['README.md', ...(await readdir(join(ROOT, 'docs'))).filter(name => name.endsWith('.md')).map(name => `docs/${name}`)]
/** What pages import besides the package itself. */
const PACKAGES = ['@types', 'lowdb', 'tinypool', 'xstate', 'zod']
/** A pid in a command, or the beginning of one: stands for the newest process. */
const PID = /\baou[\da-z]*\b/g

const scripts = (JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts

const readPage = async (page: string): Promise<Page> => parsePage(await readFile(join(ROOT, page), 'utf8'))

/** A folder like that of a user who has installed the package. */
async function userFolder(t: ExecutionContext, pages: readonly Page[]): Promise<string> {
  const folder = await realpath(await tempDir(t))
  const bin = join(folder, 'node_modules/.bin')
  await mkdir(bin, { recursive: true })
  await symlink(ROOT, join(folder, 'node_modules/stepwright'))
  for (const name of PACKAGES) await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  // Everything is executed with this Node, without asking the registry.
  await writeFile(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n')
  await writeFile(join(bin, 'stepwright'), `#!/bin/sh\nexec node $AS_ON_TERMINAL "${ROOT}/src/cli/main.ts" "$@"\n`)
  for (const name of ['npx', 'stepwright']) await chmod(join(bin, name), 0o755)
  await symlink(process.execPath, join(bin, 'node'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { programs } of pages) for (const { file, code } of programs) await writeFile(join(folder, file), code)
  return folder
}

function execute(folder: string, command: string): Promise<{ code: number; output: string }> {
  const env = {
    ...process.env,
    PATH: `${join(folder, 'node_modules/.bin')}:${process.env['PATH']}`,
    NODE_OPTIONS: '--conditions=@stepwright/source --disable-warning=ExperimentalWarning',
    NO_COLOR: '1',
    // Pages show what a reader sees, who has a terminal of 80 columns unless the command says otherwise.
    AS_ON_TERMINAL: /[|>]/.test(command) ? '' : '--import data:text/javascript,process.stdout.isTTY=true',
  }
  return new Promise(resolve => {
    execFile('sh', ['-ec', `exec 2>&1\n${command}`], { cwd: folder, env, timeout: 60_000 }, (error, output) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output })
    })
  })
}

async function withNewestPid(folder: string, command: string): Promise<string> {
  if (command.search(PID) === -1) return command
  const client = openClient(join(folder, '.stepwright'))
  let newest = ''
  for await (const { pid } of client.list({ limit: 1 })) newest = pid
  await client.close()
  return command.replaceAll(PID, newest)
}

/** `npm` would install or start this very test: it is enough that there is such a script. */
function checkNpm(t: ExecutionContext, command: string): void {
  for (const [, words = ''] of command.matchAll(/\bnpm ([^&|\n]+)/g)) {
    const [first, second] = words.split(/\s+/).filter(word => !word.startsWith('-'))
    const script = first === 'run' ? second : first
    t.true(
      script === 'ci' || script === 'install' || (script !== undefined && Object.hasOwn(scripts, script)),
      `there is no script for \`npm ${words}\``,
    )
  }
}

async function check(t: ExecutionContext, folder: string, { line, command, output }: Example): Promise<void> {
  if (/\bnpm /.test(command)) return checkNpm(t, command)
  if (/\bjq\b/.test(command) && (await execute(folder, 'command -v jq')).code !== 0) return t.log(`line ${line} is skipped: there is no jq`)
  const ran = await execute(folder, await withNewestPid(folder, command))
  const printed = ran.output.replaceAll(folder, '/app')
  t.is(ran.code, 0, `line ${line} failed:\n${printed}`)
  if (output !== undefined)
    t.is(normalize(printed), normalize(output), `line ${line} prints something else than the page says:\n${printed}`)
}

for (const name of PAGES) {
  test(`every block of ${name} does what it says`, async t => {
    t.timeout(120_000)
    const page = await readPage(name)
    t.deepEqual(page.idle, [], 'blocks that nothing executes')
    const folder = await userFolder(t, [page])
    for (const example of page.examples) await check(t, folder, example)
    const executed = [
      ...page.examples.map(({ command }) => command),
      ...page.programs.map(({ code }) => code.slice(code.indexOf('\n'))),
    ].join('\n')
    for (const { file } of page.programs) t.true(executed.includes(file), `nothing runs or imports ${file}`)
    t.pass()
  })
}

test('every file that a page names is there', async t => {
  for (const name of [...PAGES, 'ARCHITECTURE.md', 'CHANGELOG.md']) {
    const markdown = await readFile(join(ROOT, name), 'utf8')
    const links = [...markdown.matchAll(/\]\((?!\w+:|#)([^)#]+)/g)].map(([, link = '']) => join(ROOT, dirname(name), link))
    const paths = [...markdown.matchAll(/\b(?:src|test|docs)\/[\w./-]*\w/g)].map(([path]) => join(ROOT, path))
    for (const file of [...links, ...paths]) await t.notThrowsAsync(access(file), `${name} names a file that is not there`)
  }
})

test('the README tells of every error code', async t => {
  const [readme, source] = await Promise.all(['README.md', 'src/errors.ts'].map(file => readFile(join(ROOT, file), 'utf8')))
  const codes = [...source!.matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code)
  const told = [...readme!.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code)
  t.true(codes.length > 10, 'the codes were found')
  t.deepEqual(new Set(told), new Set(codes))
})

test('every program of the pages compiles', async t => {
  t.timeout(120_000)
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { allowImportingTsExtensions: true },
    include: ['*.ts'],
    exclude: [],
  }
  const errors = await Promise.all(
    PAGES.map(async name => {
      const folder = await userFolder(t, [await readPage(name)])
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
      if (!(await readdir(folder)).some(file => file.endsWith('.ts'))) return ''
      const { output } = await execute(folder, `node "${ROOT}/node_modules/typescript/bin/tsc" --project .`)
      return output === '' ? '' : `${name}:\n${output}`
    }),
  )
  t.is(errors.join(''), '')
})
