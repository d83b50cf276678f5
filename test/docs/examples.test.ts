import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openClient } from 'stepwright'
import { postgresUrl } from '../postgres/postgres.ts'
import { tempDir } from '../temp-dir.ts'
import { normalize, parsePage, type Example, type Page } from './blocks.ts'
import { inOrder, read, ROOT } from './pages.ts'

/** The pages of commands go on with its examples. */
const COMMAND_LINE = 'docs/command-line.md'
const databaseUrl = await postgresUrl()
const ordered = await inOrder()
const COMMANDS = ordered.filter(page => page.startsWith('docs/commands/'))
const OTHERS = ['README.md', ...ordered.filter(page => page !== COMMAND_LINE && !COMMANDS.includes(page))]
/**
 * Pages whose examples stand in one folder and go on one after the other. The longest ones first.
 */
const TALES: readonly (readonly string[])[] = [[COMMAND_LINE, ...COMMANDS], ...OTHERS.map(name => [name])]
/** What pages import besides the package itself. */
const PACKAGES = [
  '@ai-sdk',
  '@modelcontextprotocol',
  '@opentelemetry',
  '@types',
  'ai',
  'lowdb',
  'pg',
  'tinypool',
  'xstate',
  'zod',
]
/** A pid in a command, or the beginning of one: stands for the newest process that is no child. */
const PID = /\baou[\da-z]*\b/g

/** What Node makes of the sources is kept from one command to the next. */
const COMPILED = await mkdtemp(join(tmpdir(), 'stepwright-compiled-'))

/** More at once than the machine has cores would only be slower. */
const free = Array.from({ length: Math.max(2, availableParallelism()) }, () => Promise.resolve())
async function inTurn(work: () => Promise<void>): Promise<void> {
  const before = free.shift()!
  const done = before.then(work)
  free.push(done.catch(() => {}))
  await done
}

const scripts = (JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
  .scripts

test.after.always(() => rm(COMPILED, { recursive: true, force: true }))

const readPage = async (page: string): Promise<Page> => parsePage(await read(page))

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
    NODE_COMPILE_CACHE: COMPILED,
    NO_COLOR: '1',
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    // Pages show what a reader sees, who has a terminal of 80 columns unless the command says
    // otherwise.
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
  for await (const { pid, parent } of client.list()) {
    newest = pid
    if (parent === undefined) break
  }
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

async function check(
  t: ExecutionContext,
  folder: string,
  page: string,
  { line, command, output }: Example,
): Promise<void> {
  if (/\bnpm /.test(command)) return checkNpm(t, command)
  if (/\bjq\b/.test(command) && (await execute(folder, 'command -v jq')).code !== 0)
    return t.log(`${page}:${line} is skipped: there is no jq`)
  const ran = await execute(folder, await withNewestPid(folder, command))
  const printed = ran.output.replaceAll(folder, '/app')
  t.is(ran.code, 0, `${page}:${line} failed:\n${printed}`)
  if (output !== undefined)
    t.is(normalize(printed), normalize(output), `${page}:${line} prints something else than the page says:\n${printed}`)
}

for (const names of TALES) {
  test(`every block of ${names[0]}${names.length > 1 ? ' and of the pages of commands' : ''} does what it says`, async t => {
    t.timeout(600_000)
    await inTurn(async () => {
      const pages = await Promise.all(names.map(readPage))
      const folder = await userFolder(t, pages)
      for (const [at, page] of pages.entries()) {
        t.deepEqual(page.idle, [], `blocks of ${names[at]} that nothing executes`)
        for (const example of page.examples) await check(t, folder, names[at]!, example)
      }
      const executed = pages
        .flatMap(({ examples, programs }) => [
          ...examples.map(({ command }) => command),
          ...programs.map(({ code }) => code.slice(code.indexOf('\n'))),
        ])
        .join('\n')
      for (const { file } of pages.flatMap(({ programs }) => programs))
        t.true(executed.includes(file), `nothing runs or imports ${file}`)
    })
  })
}

test('every program of the pages compiles', async t => {
  t.timeout(600_000)
  const folder = await userFolder(t, [])
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    // Programs of different pages know nothing of each other.
    compilerOptions: { allowImportingTsExtensions: true, moduleDetection: 'force' },
    include: ['*/*.ts'],
    exclude: [],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
  for (const names of TALES) {
    const inner = join(folder, names[0]!.replaceAll('/', '-'))
    await mkdir(inner)
    for (const { programs } of await Promise.all(names.map(readPage)))
      for (const { file, code } of programs) await writeFile(join(inner, file), code)
  }
  await inTurn(async () => {
    const { output } = await execute(folder, `node "${ROOT}/node_modules/typescript/bin/tsc" --project .`)
    t.is(output, '')
  })
})
