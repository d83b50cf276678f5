import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'

/**
 * Every package installed under a folder, as a path relative to it: in its `node_modules` and in
 * those of the projects and packages below. Links are followed where packages are, and no real
 * folder is looked into twice, so that loops end.
 */
export async function* findPackages(folder: string): AsyncGenerator<string> {
  for await (const path of basename(folder) === 'node_modules'
    ? installedIn(folder, new Set())
    : projectsIn(folder, new Set()))
    yield relative(folder, path)
}

type Seen = Set<string>

async function* projectsIn(folder: string, seen: Seen): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.name === 'node_modules') yield* installedIn(path, seen)
    else if (entry.isDirectory() && !entry.name.startsWith('.')) yield* projectsIn(path, seen)
  }
}

async function* installedIn(modules: string, seen: Seen): AsyncGenerator<string> {
  if (!(await isNew(modules, seen))) return
  for (const { name } of await entriesOf(modules)) {
    const path = join(modules, name)
    // pnpm keeps packages in folders of their own, and links to them.
    if (name === '.pnpm') yield* projectsIn(path, seen)
    else if (name.startsWith('.')) continue
    else if (name.startsWith('@')) yield* installedIn(path, seen)
    else if (await isNew(path, seen)) {
      yield path
      yield* installedIn(join(path, 'node_modules'), seen)
    }
  }
}

/** Whether this is the first path that leads to the folder. */
async function isNew(path: string, seen: Seen): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) return false
    const real = await realpath(path)
    if (seen.has(real)) return false
    seen.add(real)
    return true
  } catch (error) {
    // ELOOP is a link that leads to itself, so nothing is there.
    if (isCode(error, 'ENOENT') || isCode(error, 'ELOOP')) return false
    throw error
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter(entry => !entry.isFile()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException | null)?.code === code
