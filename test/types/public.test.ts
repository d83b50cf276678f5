import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { isIdentifier, isSourceFile, type Node } from 'typescript/unstable/ast'
import { API, SymbolFlags, type Project, type Symbol } from 'typescript/unstable/sync'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))

/** The declaration files of every entry point in `package.json`, emitted into `dir`. */
async function emitEntries(dir: string): Promise<string[]> {
  const args = [tsc, '--project', join(root, 'tsconfig.build.json'), '--outDir', dir, '--emitDeclarationOnly']
  await promisify(execFile)(process.execPath, args)
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { types?: string }>
  }
  return Object.values(exports).flatMap(({ types }) =>
    types === undefined ? [] : join(dir, types.replace('./dist/', '')),
  )
}

const identifiers = (node: Node): Node[] => {
  const found: Node[] = isIdentifier(node) ? [node] : []
  node.forEachChild(child => void found.push(...identifiers(child)))
  return found
}

/**
 * What a consumer can import, and the types of ours that this refers to but that nobody can import:
 * `Type <- where it is used`.
 */
function findHidden(project: Project, entries: readonly string[], dir: string) {
  const { checker, program } = project
  const target = (symbol: Symbol): Symbol =>
    symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  // By name, not within a namespace: the compiler names nothing that stands there when it writes
  // declarations.
  const exported = (module: Symbol): Symbol[] => checker.getExportsOfModule(module).map(target)
  const known = new Set(entries.flatMap(entry => exported(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)))
  const isOurs = (symbol: Symbol): boolean => {
    const declaration = symbol.declarations[0]
    return (
      declaration !== undefined &&
      declaration.path.startsWith(dir) &&
      isSourceFile(declaration.resolve(project)!.parent)
    )
  }
  const hidden = new Set<string>()
  for (const symbol of known) {
    const nodes = symbol.declarations
      .filter(({ path }) => path.startsWith(dir))
      .flatMap(found => identifiers(found.resolve(project)!))
    for (const found of checker.getSymbolAtLocation(nodes)) {
      const used = found && target(found)
      if (used && used.flags & SymbolFlags.Type && !known.has(used) && isOurs(used))
        hidden.add(`${used.name} <- ${symbol.name}`)
    }
  }
  return { names: new Set([...known].map(({ name }) => name)), hidden: [...hidden].toSorted() }
}

test('every type in a public signature can be imported from an entry point', async t => {
  t.timeout(120_000)
  // Below the project: types of Node and XState are found from there.
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true })
  const dir = await mkdtemp(join(root, 'node_modules/.cache/declarations-'))
  t.teardown(() => rm(dir, { recursive: true }))
  const entries = await emitEntries(dir)
  const config = join(dir, 'tsconfig.json')
  await writeFile(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files: entries }))
  const api = new API()
  t.teardown(() => api.close())
  const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!
  t.is(entries.length, 11)
  const { names, hidden } = findHidden(project, entries, dir)
  t.true(['createRuntime', 'ProcessBuilder', 'Take', 'sqliteStore', 'storeConformance'].every(name => names.has(name)))
  t.deepEqual(hidden, [])
})
