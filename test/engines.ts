/**
 * Runs the core of the suite on the oldest and the newest Node that `engines` in package.json
 * allows; `npm test` runs all of it on the one in between. npm brings each Node as the package that
 * `node` on npm would install for this platform, and keeps it in its cache.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

const VERSIONS = ['22.20.0', '26.10.0']
const CORE = ['record', 'journal', 'steps', 'machines', 'store', 'client', 'runtime', 'steering']

const { platform, arch } = process
const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'
const packageName = `${prefix}-${platform === 'win32' ? 'win' : platform}-${arch}`

for (const version of VERSIONS) {
  const files = CORE.map(folder => `'test/${folder}/**/*.test.ts'`)
  const command = `node node_modules/ava/entrypoints/cli.js ${files.join(' ')}`
  const child = spawn(
    'npm',
    ['exec', '--yes', `--package=${packageName}@${version}`, '--call', `node --version && ${command}`],
    {
      cwd: new URL('..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: platform === 'win32',
    },
  )
  const started = performance.now()
  const [output, code] = await Promise.all([text(child.stdout), new Promise(resolve => child.once('close', resolve))])
  const passed = /^ *\d+ tests? passed/m.exec(output)?.[0].trim()
  const isFine = code === 0 && output.startsWith(`v${version}\n`) && passed !== undefined
  console.log(isFine ? `Node ${version}: ${passed} in ${Math.round((performance.now() - started) / 1000)} s` : output)
  if (!isFine) process.exitCode = 1
}
