import { existsSync, statSync } from 'node:fs'
import { mkdtemp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'vite'

const ROOT = join(import.meta.dirname, '..', '..')
const SOURCES = ['src/dashboard/page', 'src/inspect/diagram'].map(folder => join(ROOT, folder))
const BUILT = join(ROOT, 'dist', 'dashboard', 'assets')

async function newestSource(): Promise<number> {
  const files = await Promise.all(SOURCES.map(async folder => (await readdir(folder)).map(name => statSync(join(folder, name)).mtimeMs)))
  return Math.max(...files.flat())
}

const isCurrent = async (): Promise<boolean> =>
  existsSync(join(BUILT, 'index.html')) && statSync(join(BUILT, 'index.html')).mtimeMs > (await newestSource())

/** Builds the page where a server that runs from source looks for it, unless it is there. Test files run at the same time: the first one wins. */
export async function ensurePage(): Promise<void> {
  if (await isCurrent()) return
  await mkdir(join(BUILT, '..'), { recursive: true })
  const draft = await mkdtemp(join(BUILT, '..', 'draft-'))
  try {
    await build({ configFile: join(ROOT, 'src/dashboard/page/vite.config.ts'), logLevel: 'error', build: { outDir: draft } })
    if (await isCurrent()) return
    await rm(BUILT, { recursive: true, force: true })
    await rename(draft, BUILT)
  } catch (error) {
    if (!(await isCurrent())) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
