// Writes what is made from code and from other pages: usage of commands, the ways to other pages,
// `llms.txt`. `npm run docs:generate` formats the pages after that.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatedPages, llmsTxt, regenerate } from './generated.ts'
import { read, ROOT } from './pages.ts'

for (const page of generatedPages) await writeFile(join(ROOT, page), regenerate(page, await read(page)))
await writeFile(join(ROOT, 'llms.txt'), await llmsTxt())
