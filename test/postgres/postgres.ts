import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { installedPostgres } from './server.ts'

const LOOK_MS = 20

/** One file per run: AVA starts each test file as a child process of its own. */
const folder = join(os.tmpdir(), `stepwright-postgres-of-${process.ppid}`)

/**
 * The address of a PostgreSQL server for this run: `STEPWRIGHT_TEST_POSTGRES`, or one from npm that
 * is started once for all test files. `undefined` where there is neither; then say so loudly.
 */
export async function postgresUrl(): Promise<string | undefined> {
  const given = process.env['STEPWRIGHT_TEST_POSTGRES']
  if (given !== undefined) return given
  if (installedPostgres() === undefined) return undefined
  if (begins()) {
    const flags = [
      '--conditions=@stepwright/source',
      join(import.meta.dirname, 'keeper.ts'),
      String(process.ppid),
      folder,
    ]
    spawn(process.execPath, flags, { detached: true, stdio: 'ignore' }).unref()
  }
  for (;;) {
    const [url, failure] = ['url', 'failed'].map(name => readIfThere(join(folder, name)))
    if (url !== undefined) return url
    if (failure !== undefined) throw new Error(`PostgreSQL did not start: ${failure}`)
    await delay(LOOK_MS)
  }
}

/** Whoever makes the folder starts the server. */
function begins(): boolean {
  try {
    fs.mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
