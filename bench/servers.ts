// PostgreSQL, and Redis for `--peers`: throw-away servers on loopback, on free ports, with their
// data in a temporary folder.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort, startPostgres as startNpmPostgres } from '../test/postgres/server.ts'
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
  createDatabase(): Promise<string>
}

const START_MS = 30_000
const STOP_MS = 10_000
const isRoot = process.getuid?.() === 0
const tell = (text: string): void => void process.stderr.write(`${text}\n`)

/**
 * What the peers need that is not there yet. Root gets Debian's packages installed, others are told
 * how.
 */
export function installPeers(): void {
  if (!findRedis()) {
    const command = 'apt-get install --yes redis-server'
    if (!isRoot || !existsSync('/usr/bin/apt-get'))
      throw new Error(`--peers needs redis-server: run \`sudo ${command}\` first`)
    tell(`${command} ...`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('sh', ['-c', `apt-get update --quiet && ${command}`], { stdio: ['ignore', 2, 2], env })
  }
  const peers = join(import.meta.dirname, 'peers')
  if (existsSync(join(peers, 'node_modules', '.package-lock.json'))) return
  tell('The packages of the peers are installed into bench/peers ...')
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', peers], {
    stdio: ['ignore', 2, 2],
  })
}

const findRedis = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map(folder => join(folder, 'redis-server'))
    .find(existsSync)

/** Keeps what it was told when it dies; with 'power' also when the machine does. */
export async function startRedis(durability: Setting['durability']): Promise<Server> {
  const dir = tempDir()
  const port = await freePort()
  const fsync = durability === 'power' ? 'always' : 'everysec'
  const args = `--port ${port} --bind 127.0.0.1 --save --appendonly yes --appendfsync ${fsync} --dir ${dir}`.split(' ')
  const child = spawn(findRedis()!, args, { stdio: 'ignore' })
  endAtExit(child, 'SIGKILL')
  await until('redis-server', child, () => answers(port))
  return serverOf(child, port, 'SIGTERM')
}

/** The one from npm, as it comes: a commit is on the disk. */
export async function startPostgres(): Promise<Postgres> {
  const { postmaster, port, url } = await startNpmPostgres({ dir: tempDir() })
  endAtExit(postmaster, 'SIGQUIT')
  let databases = 0
  return {
    ...serverOf(postmaster, port, 'SIGINT'),
    async createDatabase() {
      const address = new URL(url)
      const client = new Client(url)
      await client.connect()
      address.pathname = `bench${databases++}`
      await client.query(`CREATE DATABASE ${address.pathname.slice(1)}`)
      await client.end()
      return address.href
    },
  }
}

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-peer-'))
  atExit(() => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return dir
}

function endAtExit(child: ChildProcess, signal: NodeJS.Signals): void {
  atExit(() => {
    child.kill(signal)
    // Or it goes on writing into the folder that is removed next.
    for (let looks = 0; looks < 200 && !isGone(child.pid!); looks++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  })
}

const serverOf = (child: ChildProcess, port: number, stopSignal: NodeJS.Signals): Server => ({
  pid: child.pid!,
  port,
  async stop() {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(stopSignal)
    await Promise.race([gone, delay(STOP_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
  },
})

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
