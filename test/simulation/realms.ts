import fs from 'node:fs'
import { createRequire, isBuiltin, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { EDITS } from './edits.ts'
import type { Realm } from './kernel/life.ts'

/** Modules of Node, and packages, in whose place a simulated one stands. */
const SIMULATED: Readonly<Record<string, string>> = {
  'node:fs': 'fs',
  'node:fs/promises': 'fs-promises',
  'node:net': 'net',
  'node:events': 'events',
  'node:os': 'os',
  'node:util': 'util',
  'node:timers/promises': 'timers-promises',
  nanoid: 'nanoid',
}
/** These neither wait nor look at the world. */
const PURE: ReadonlySet<string> = new Set([
  'node:path',
  'node:url',
  'node:crypto',
  'node:constants',
  'node:worker_threads',
  'node:module',
  'node:async_hooks',
  'node:diagnostics_channel',
])
const GLOBALS = [
  'Buffer',
  'URL',
  'AbortController',
  'AbortSignal',
  'Event',
  'EventTarget',
  'TextEncoder',
  'TextDecoder',
  'structuredClone',
] as const

const sources = new Map<string, string>()
const compiled = new Map<string, Buffer>()
const require = createRequire(import.meta.url)

/**
 * Node answers `import()` with a promise of the first realm: here what is next to a module is
 * imported with it.
 */
function withoutDynamicImports(source: string): string {
  const imported: string[] = []
  const made = source.replaceAll(
    /\bimport\(('\.[^']+')\)/g,
    (_, specifier: string) => `Promise.resolve(__imported${imported.push(specifier) - 1})`,
  )
  return made + imported.map((specifier, index) => `\nimport * as __imported${index} from ${specifier}`).join('')
}

/** TypeScript is stripped as Node strips it. */
function sourceOf(url: string): string {
  let source = sources.get(url)
  if (source === undefined) {
    const file = fileURLToPath(url)
    source = fs.readFileSync(file, 'utf8')
    for (const { file: of, find, replace } of EDITS) {
      if (!file.endsWith(`/${of}`)) continue
      if (source.split(find).length !== 2)
        throw new Error(`${of} has not once ${JSON.stringify(find)}: mend test/simulation/edits.ts`)
      source = source.replace(find, () => replace)
    }
    if (file.endsWith('.ts')) source = withoutDynamicImports(stripTypeScriptTypes(source))
    sources.set(url, source)
  }
  return source
}

function resolve(specifier: string, parent: string): string {
  if (specifier.startsWith('.')) return new URL(specifier, parent).href
  const simulated = SIMULATED[specifier] && new URL(`./node/${SIMULATED[specifier]}.ts`, import.meta.url).href
  // Some of them stand before Node's own.
  if (simulated !== undefined) return simulated === parent ? specifier : simulated
  if (PURE.has(specifier)) return specifier
  if (isBuiltin(specifier))
    throw new Error(`${parent} imports ${specifier}, of which there is no simulation: see test/simulation/realms.ts`)
  // XState's entry for Node is CommonJS behind a facade, which has no realm but the first.
  return specifier === 'xstate'
    ? import.meta.resolve('xstate/package.json').replace('package.json', 'dist/xstate.esm.js')
    : import.meta.resolve(specifier)
}

function moduleOf(url: string, context: vm.Context): vm.Module {
  if (url.startsWith('node:')) {
    const exported = require(url) as Record<string, unknown>
    const names = [...new Set([...Object.keys(exported), 'default'])]
    return new vm.SyntheticModule(
      names,
      function fill(this: vm.SyntheticModule) {
        for (const name of names) this.setExport(name, name === 'default' ? exported : exported[name])
      },
      { context, identifier: url },
    )
  }
  const cachedData = compiled.get(url)
  const made = new vm.SourceTextModule(sourceOf(url), {
    context,
    identifier: url,
    ...(cachedData && { cachedData }),
    initializeImportMeta: meta => void (meta.url = url),
  })
  // Not in the types yet.
  if (!cachedData) compiled.set(url, (made as unknown as { createCachedData(): Buffer }).createCachedData())
  return made
}

/**
 * A realm of its own for a process, in which `program` and all that it imports is loaded once. Its
 * promises are nobody else's business.
 */
export async function openRealm(program: URL): Promise<Realm> {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, { microtaskMode: 'afterEvaluate' })
  const realm: Realm = { context, kernel: undefined }
  for (const name of GLOBALS) context[name] = globalThis[name]
  context['__realm'] = realm
  // What is to be done when the realm gets another process.
  context['__reborn'] = []
  context['process'] = {
    get pid() {
      return realm.kernel?.pid
    },
    platform: 'linux',
    version: process.version,
    versions: process.versions,
    env: {},
    argv: [],
    cwd: () => '/',
    getuid: () => 1000,
    on() {},
    off() {},
    emitWarning() {},
  }
  const modules = new Map<string, vm.Module>()
  const link = (specifier: string, { identifier }: { identifier: string }): vm.Module => {
    const url = resolve(specifier, identifier)
    let found = modules.get(url)
    if (found === undefined) modules.set(url, (found = moduleOf(url, context)))
    return found
  }
  for (const url of [new URL('./node/globals.ts', import.meta.url), program]) {
    const main = moduleOf(url.href, context)
    modules.set(url.href, main)
    await main.link(link)
    await main.evaluate()
  }
  return realm
}
