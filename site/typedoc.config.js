import { readFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
// `inferred` has only types that the compiler writes by itself.
const sources = Object.entries(exports).flatMap(([path, at]) =>
  path === './inferred' ? [] : (at['@stepwright/source'] ?? []),
)

// The options of typedoc and of typedoc-plugin-markdown, which are installed in this folder only.
export default {
  name: 'API',
  plugin: ['typedoc-plugin-markdown'],
  tsconfig: 'api.tsconfig.json',
  entryPoints: sources.map(source => `../${source}`),
  out: 'pages/api',
  readme: 'none',
  entryFileName: 'index',
  hidePageHeader: true,
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  intentionallyNotExported: ['FINAL_STATUSES'],
  // The project's own compiler is newer than the one that this reads types with.
  skipErrorChecking: true,
}
