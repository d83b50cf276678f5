import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode } from './find.ts'
import type { Package } from './package.ts'

const LICENCE_FILE = /^(licen[cs]e|unlicense|copying)/i
const CODE = /\.(c|m)?(j|t)sx?$|\.json$/i
const MAX_TITLE_LENGTH = 60

/** Finds the licence text that a package contains, and keeps its first line. */
export async function readLicenceFile(folder: string, found: Package): Promise<Package> {
  const place = join(folder, found.path)
  try {
    const entries = await readdir(place, { withFileTypes: true })
    const names = entries
      .filter(({ name }) => LICENCE_FILE.test(name) && !CODE.test(name))
      .filter(entry => !entry.isDirectory())
    const file = names.map(({ name }) => name).toSorted()[0]
    if (file === undefined) return found
    const text = await readFile(join(place, file), 'utf8')
    const title = text.split('\n').find(line => /\p{L}/u.test(line)) ?? ''
    return {
      ...found,
      file,
      title: title
        .replace(/^[^\p{L}]+/u, '')
        .trim()
        .slice(0, MAX_TITLE_LENGTH),
    }
  } catch (error) {
    // The package was uninstalled after it was found.
    if (isCode(error, 'ENOENT')) return found
    throw error
  }
}
