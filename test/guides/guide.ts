import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { tempDir } from '../temp-dir.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface Guide {
  readonly folder: string
  /** For everything that runs in it. */
  readonly env: NodeJS.ProcessEnv
  /** Runs a command in it; rejects if that fails. */
  run(command: string): Promise<string>
}

/**
 * A folder of `examples/` as a user has it: a project of its own, whose dependencies are installed.
 */
export async function openGuide(t: ExecutionContext, name: string): Promise<Guide> {
  const folder = await realpath(await tempDir(t))
  await cp(join(ROOT, 'examples', name), folder, { recursive: true })
  return asProject(folder)
}

/** Installs the dependencies of the project in a folder, from what this repository has. */
export async function asProject(folder: string): Promise<Guide> {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Partial<Record<'dependencies' | 'devDependencies', Record<string, string>>>
  const modules = join(folder, 'node_modules')
  const bin = join(modules, '.bin')
  await mkdir(bin, { recursive: true })
  for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
    const path = join(modules, dependency)
    await mkdir(dirname(path), { recursive: true })
    await symlink(dependency === 'stepwright' ? ROOT : join(ROOT, 'node_modules', dependency), path)
  }
  await writeFile(join(bin, 'stepwright'), `#!/bin/sh\nexec node "${ROOT}/src/cli/main.ts" "$@"\n`)
  await chmod(join(bin, 'stepwright'), 0o755)
  const env = {
    ...process.env,
    PATH: [bin, join(ROOT, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(':'),
    NODE_OPTIONS: '--conditions=@stepwright/source --disable-warning=ExperimentalWarning',
    NO_COLOR: '1',
  }
  return {
    folder,
    env,
    run: command =>
      new Promise((resolve, reject) => {
        execFile('sh', ['-ec', `exec 2>&1\n${command}`], { cwd: folder, env, timeout: 60_000 }, (error, output) => {
          if (error === null) resolve(output)
          else reject(new Error(`${command} failed: ${output}`, { cause: error }))
        })
      }),
  }
}
