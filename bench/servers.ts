// Redis and PostgreSQL for `--peers`: throw-away servers on loopback, on free ports, with their data in a temporary folder.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { atExit } from './at-exit.ts'
import type { Setting } from './contestant.ts'
import { isGone } from './usage.ts'

export interface Server {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

export interface Postgres extends Server {
  /** A new database, for one contestant; its address. */
  createDatabase(): string
}

const START_MS = 30_000
const STOP_MS = 10_000
const isRoot = process.getuid?.() === 0
const tell = (text: string): void => void process.stderr.write(`${text}\n`)

/** What the peers need that is not there yet. Root gets Debian's packages installed, others are told how. */
export function installPeers(): void {
  const missing = [...(findRedis() ? [] : ['redis-server']), ...(findPostgres() ? [] : ['postgresql'])]
  if (missing.length > 0) {
    const command = `apt-get install --yes ${missing.join(' ')}`
    if (!isRoot || !existsSync('/usr/bin/apt-get')) throw new Error(`--peers needs ${missing.join(' and ')}: run \`sudo ${command}\` first`)
    tell(`${command} ...`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('sh', ['-c', `apt-get update --quiet && ${command}`], { stdio: ['ignore', 2, 2], env })
  }
  const peers = join(import.meta.dirname, 'peers')
  if (existsSync(join(peers, 'node_modules', '.package-lock.json'))) return
  tell('The packages of the peers are installed into bench/peers ...')
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', peers], { stdio: ['ignore', 2, 2] })
}

const findRedis = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map(folder => join(folder, 'redis-server'))
    .find(existsSync)

/** Debian's programs are not in the PATH. */
const findPostgres = (): string | undefined =>
  [...globSync('/usr/lib/postgresql/*/bin').toReversed(), ...(process.env['PATH'] ?? '').split(':')].find(folder =>
    ['initdb', 'postgres', 'pg_isready', 'createdb'].every(program => existsSync(join(folder, program))),
  )

/** Keeps what it was told when it dies; with 'power' also when the machine does. */
export async function startRedis(durability: Setting['durability']): Promise<Server> {
  const dir = tempDir()
  const port = await freePort()
  const fsync = durability === 'power' ? 'always' : 'everysec'
  const args = `--port ${port} --bind 127.0.0.1 --save --appendonly yes --appendfsync ${fsync} --dir ${dir}`.split(' ')
  const child = spawn(findRedis()!, args, { stdio: 'ignore' })
  return running('redis-server', child, port, 'SIGTERM')
}

/** As it comes: a commit is on the disk. It does not run as root. */
export async function startPostgres(): Promise<Postgres> {
  const dir = tempDir()
  const user = isRoot ? userOf('postgres') : undefined
  if (user !== undefined) chownSync(dir, user.uid, user.gid)
  const bin = findPostgres()!
  const data = join(dir, 'data')
  const init = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale']
  execFileSync(join(bin, 'initdb'), init, { ...user, cwd: dir, stdio: ['ignore', 'ignore', 2] })
  const port = await freePort()
  const child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', dir], {
    ...user,
    cwd: dir,
    stdio: 'ignore',
  })
  const server = await running('postgres', child, port, 'SIGINT')
  // It accepts connections some time after it listens.
  await until('postgres', child, async () => {
    try {
      execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
  let databases = 0
  return {
    ...server,
    createDatabase() {
      const name = `bench${databases++}`
      execFileSync(join(bin, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', name], { stdio: ['ignore', 2, 2] })
      return `postgres://postgres@127.0.0.1:${port}/${name}`
    },
  }
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-peer-'))
  atExit(() => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return dir
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function running(name: string, child: ChildProcess, port: number, stopSignal: NodeJS.Signals): Promise<Server> {
  // SIGQUIT ends PostgreSQL and all its children at once.
  atExit(() => {
    child.kill(name === 'postgres' ? 'SIGQUIT' : 'SIGKILL')
    // Or it goes on writing into the folder that is removed next.
    for (let looks = 0; looks < 200 && !isGone(child.pid!); looks++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  })
  await until(name, child, () => answers(port))
  return {
    pid: child.pid!,
    port,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill(stopSignal)
      await Promise.race([gone, delay(STOP_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
    },
  }
}

async function until(name: string, child: ChildProcess, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + START_MS
  while (!(await isSo())) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${name} does not start`)
    await delay(20)
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
