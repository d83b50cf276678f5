import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
export const STRIPPED = join(ROOT, 'node_modules/.cache/stripped')

/** Strips the types of every source, for `preload.js`. Whatever else is there is from an earlier run. */
export function writeStripped() {
  rmSync(STRIPPED, { recursive: true, force: true })
  for (const file of globSync('{src,test,examples,bench}/**/*.ts', {
    cwd: ROOT,
    exclude: name => name.endsWith('.d.ts'),
  })) {
    const source = readFileSync(join(ROOT, file), 'utf8')
    mkdirSync(dirname(join(STRIPPED, file)), { recursive: true })
    writeFileSync(join(STRIPPED, file), stripTypeScriptTypes(source))
  }
}
