import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'

interface Probe {
  readonly exports: string[]
  /** Packages and builtins that the import asked for. */
  readonly loaded: string[]
  /** Handles, listeners, globals and variables that were not there before. */
  readonly left: string[]
}

const PROBE = `
  import { registerHooks } from 'node:module'
  const loaded = new Set()
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context)
      const name = found.url.startsWith('node:') ? found.url : /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(found.url)?.[1]
      if (name !== undefined) loaded.add(name)
      return found
    },
  })
  const state = () => [
    ...process.getActiveResourcesInfo().map(type => 'handle ' + type),
    ...process.eventNames().map(name => 'listener ' + String(name) + ' ' + process.listenerCount(name)),
    ...Reflect.ownKeys(globalThis).map(key => 'global ' + String(key)),
    ...Object.keys(process.env).map(key => 'variable ' + key),
  ]
  void [process.stdin, process.stdout, process.stderr] // Made when first asked for.
  const before = new Set(state())
  const exports = Object.keys(await import(process.argv[1]))
  const left = state().filter(thing => !before.has(thing))
  console.log(JSON.stringify({ exports, loaded: [...loaded], left }))
`

/** Imports an entry point of the package in a process of its own, in an empty folder. */
async function probe(name: string): Promise<Probe & { readonly stderr: string; readonly files: string[] }> {
  const cwd = await mkdtemp(join(tmpdir(), 'stepwright-package-'))
  try {
    const args = [
      '--conditions=@stepwright/source',
      '--no-warnings',
      '--input-type=module',
      '--eval',
      PROBE,
      import.meta.resolve(name),
    ]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 30_000 })
    return { ...(JSON.parse(stdout) as Probe), stderr, files: await readdir(cwd) }
  } finally {
    await rm(cwd, { recursive: true })
  }
}

const HEAVY = /^node:(child_process|cluster|http|http2|https|inspector|repl|sqlite|test|tls|vm|wasi)\b/

for (const { name, packages } of [
  { name: 'stepwright', packages: ['croner', 'lowdb', 'nanoid', 'xstate'] },
  { name: 'stepwright/client', packages: ['lowdb', 'nanoid'] },
  { name: 'stepwright/dashboard', packages: ['lowdb', 'nanoid'] },
  { name: 'stepwright/sqlite', packages: ['nanoid'] },
  { name: 'stepwright/opentelemetry', packages: ['@opentelemetry/api'] },
]) {
  test(`import '${name}' has no side effects and loads nothing heavy`, async t => {
    const { exports, loaded, left, stderr, files } = await probe(name)
    t.not(exports.length, 0)
    t.deepEqual(left, [])
    t.is(stderr, '')
    t.deepEqual(files, [])
    const heavy = loaded.filter(module =>
      module.startsWith('node:') ? HEAVY.test(module) : !packages.includes(module),
    )
    t.deepEqual(heavy, [])
  })
}
