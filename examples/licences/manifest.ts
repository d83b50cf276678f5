import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode } from './find.ts'
import type { Package } from './package.ts'

/** Reads a `package.json`. If it cannot be read, the report says so. */
export async function readManifest(folder: string, path: string): Promise<Package> {
  const unread = {
    path,
    name: path.replaceAll('\\', '/').split('node_modules/').at(-1) ?? path,
    version: '?',
    licence: null,
  }
  try {
    const text = await readFile(join(folder, path, 'package.json'), 'utf8')
    const manifest: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (!isObject(manifest)) return { ...unread, problem: 'package.json holds no object' }
    return {
      path,
      name: textOf(manifest['name']) ?? unread.name,
      version: textOf(manifest['version']) ?? '?',
      ...statedLicence(manifest),
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return { ...unread, problem: 'there is no package.json' }
    return { ...unread, problem: error instanceof Error ? error.message : String(error) }
  }
}

/** The licence of a manifest, in any of the forms that were ever in use. */
function statedLicence({ license, licenses }: Record<string, unknown>): Pick<Package, 'licence' | 'note'> {
  const stated = license ?? licenses
  if (Array.isArray(stated)) {
    const names = stated.map(nameOf).filter(name => name !== null)
    if (names.length === 0) return { licence: null }
    if (names.length === 1) return { licence: names[0] ?? null, note: 'from an old `licenses` array' }
    return {
      licence: names.map(name => (name.includes(' ') ? `(${name})` : name)).join(' OR '),
      note: 'from an old `licenses` array, read as a choice',
    }
  }
  const licence = nameOf(stated)
  return licence !== null && isObject(stated) ? { licence, note: 'from an old `license` object' } : { licence }
}

const nameOf = (stated: unknown): string | null => textOf(isObject(stated) ? stated['type'] : stated) ?? null

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
