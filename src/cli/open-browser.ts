import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/**
 * Opens an address in the user's browser, if there is one. The address contains a token, and every
 * user of the machine can read the arguments of a command: so the browser opens a private file that
 * redirects to the address.
 *
 * @returns a function that removes the file
 */
export async function openBrowser(url: string): Promise<() => Promise<void>> {
  // Made for this user only (0700).
  const folder = await mkdtemp(join(tmpdir(), 'stepwright-'))
  const file = join(folder, 'open.html')
  await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${url.replaceAll('&', '&amp;')}">`, {
    mode: 0o600,
  })
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  spawn(command, [...args, pathToFileURL(file).href], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref()
  return () => rm(folder, { recursive: true, force: true })
}
