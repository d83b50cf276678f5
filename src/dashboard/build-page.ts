import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

const SOURCES = [join(import.meta.dirname, 'page'), join(import.meta.dirname, '..', 'inspect', 'diagram')]
const BUILT = join(import.meta.dirname, '..', '..', 'dist', 'dashboard', 'assets')

/**
 * In a checkout, builds the page for a server that runs from source, unless it is current. If
 * several processes build at once, the first one wins. Does nothing in the package, which contains
 * the page, or without Vite.
 *
 * @param say is called before a build, which takes seconds
 */
export async function buildPage(say: () => void = () => {}): Promise<void> {
  if (!import.meta.url.endsWith('.ts') || (await isCurrent())) return
  const vite = await import('vite').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  })
  if (!vite) return
  say()
  await mkdir(join(BUILT, '..'), { recursive: true })
  const draft = await mkdtemp(join(BUILT, '..', 'draft-'))
  try {
    await vite.build({
      configFile: join(import.meta.dirname, 'page', 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: draft },
    })
    if (await isCurrent()) return
    await rm(BUILT, { recursive: true, force: true })
    await rename(draft, BUILT)
  } catch (error) {
    if (!(await isCurrent())) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function newestSource(): Promise<number> {
  const files = await Promise.all(
    SOURCES.map(async folder =>
      (await readdir(folder, { recursive: true })).map(name => statSync(join(folder, name)).mtimeMs),
    ),
  )
  return Math.max(...files.flat())
}

async function isCurrent(): Promise<boolean> {
  const page = join(BUILT, 'index.html')
  return existsSync(page) && statSync(page).mtimeMs > (await newestSource())
}
