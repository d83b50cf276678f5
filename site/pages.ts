// Copies the Markdown of the package to `pages`, where the site is built: the site has no texts of
// its own.
import { cpSync, mkdirSync, rmSync } from 'node:fs'

const project = new URL('../', import.meta.url)
const pages = new URL('pages/', import.meta.url)

rmSync(pages, { recursive: true, force: true })
mkdirSync(pages)
cpSync(new URL('docs', project), new URL('docs', pages), { recursive: true })
cpSync(new URL('llms.txt', project), new URL('public/llms.txt', pages))
for (const name of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])
  cpSync(new URL(name, project), new URL(name, pages))
