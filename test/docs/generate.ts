// Writes into the pages what is made from code: usage of commands, the ways to other pages. `npm
// run docs` formats them after that.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatedPages, regenerate } from './generated.ts'
import { read, ROOT } from './pages.ts'

for (const page of generatedPages) await writeFile(join(ROOT, page), regenerate(page, await read(page)))
