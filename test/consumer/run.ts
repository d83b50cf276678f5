/**
 * Packs what `npm run build` made, installs it into an empty project without any optional package,
 * and compiles a program against it with every supported TypeScript, then runs the packed command
 * with a module that imports the package. `skipLibCheck` is off: our declarations, and those they
 * import, have to compile as well.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const COMPILERS = ['5.9.3', '6.0.3', '7.0.2']
const PROJECTS = {
  strict: { exactOptionalPropertyTypes: false },
  // The declarations of XState 5 do not compile with this option, whoever imports them.
  'strict and exact': { exactOptionalPropertyTypes: true },
}
const isXState = (line: string): boolean => /^( |node_modules\/xstate\/)/.test(line)

const root = fileURLToPath(new URL('../..', import.meta.url))
const dir = await mkdtemp(join(tmpdir(), 'stepwright-consumer-'))
const run = async (cwd: string, command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { cwd, shell: process.platform === 'win32' })).stdout.trim()

/** What the compiler says against the program; an empty text if nothing. */
async function compile(version: string, options: object): Promise<string> {
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    declaration: true,
    outDir: 'out',
  }
  await writeFile(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files: ['program.ts'] }),
  )
  try {
    return await run(dir, process.execPath, `node_modules/typescript-${version}/bin/tsc`, '--pretty', 'false')
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

try {
  const tarball = await run(root, 'npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', dir)
  await writeFile(join(dir, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const compilers = COMPILERS.map(version => `typescript-${version}@npm:typescript@${version}`)
  await run(dir, 'npm', 'install', '--no-audit', '--no-fund', `./${tarball}`, '@types/node@22.20.5', ...compilers)
  await copyFile(new URL('program.ts', import.meta.url), join(dir, 'program.ts'))
  for (const version of COMPILERS)
    for (const [name, options] of Object.entries(PROJECTS)) {
      const errors = (await compile(version, options))
        .split('\n')
        .filter(line => line !== '' && !(options.exactOptionalPropertyTypes && isXState(line)))
      console.log(
        [`TypeScript ${version}, ${name}: ${errors.length === 0 ? 'compiles' : 'does not compile'}`, ...errors].join(
          '\n',
        ),
      )
      if (errors.length > 0) process.exitCode = 1
    }
  // The command is bundled: its copy of the package and that of the module must be one.
  await writeFile(
    join(dir, 'tea.js'),
    "import { defineProcess } from 'stepwright'\nexport const tea = defineProcess({ name: 'tea' }).step('boil', () => ({ hot: true }))\n",
  )
  const command = join(dir, 'node_modules/.bin/stepwright')
  const ran = await run(dir, command, 'run', 'tea.js')
  console.log(ran)
  if (!ran.includes('finished {"hot":true}') || !(await run(dir, command, 'list')).includes('tea')) process.exitCode = 1
} finally {
  await rm(dir, { recursive: true })
}
