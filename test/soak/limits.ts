// node --conditions=@stepwright/source test/soak/limits.ts --seconds 60 [--store file.sqlite]
// Three hosts, twenty keys, two processes of a key at a time, and hosts that are killed and stopped.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openClient } from '../../src/index.ts'

const HOSTS = 3
const KEYS = 20
const PLACES = 2
/** A stopped host answers nobody for so long at most. */
const STOPPED_MS = 1_500

interface Effect {
  readonly what: 'begin' | 'end'
  readonly pid: string
  readonly key: string
  readonly at: number
}

export interface LimitsSoak {
  readonly kills: number
  readonly stops: number
  readonly processes: number
  /** The most processes of one key under way at a time. */
  readonly most: number
  /** The longest time in which a key that had processes waiting had none that began. */
  readonly longestWaitMs: number
  readonly violations: readonly string[]
}

async function startHost(store: string, effects: string, rate: string | undefined): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../hosts/limited-host.ts', import.meta.url))
  const args = rate === undefined ? [store, effects] : [store, effects, rate]
  const child = fork(program, args, { execArgv: ['--conditions=@stepwright/source', '--no-warnings'] })
  await once(child, 'message')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** @param rate of all processes together; default: hardly any limit */
export async function soakLimits(
  dir: string,
  { seconds, store = join(dir, 'store'), rate }: { seconds: number; store?: string; rate?: string },
): Promise<LimitsSoak> {
  const effects = join(dir, 'effects.jsonl')
  const hosts = await Promise.all(Array.from({ length: HOSTS }, () => startHost(store, effects, rate)))
  const client = openClient(store)
  const pids: string[] = []
  const until = Date.now() + seconds * 1_000
  let [kills, stops] = [0, 0]
  // The first keys have far more to do than the others.
  const submit = async (): Promise<void> => {
    for (let n = 0; Date.now() < until; n++) {
      const key = n % 3 === 0 ? n % KEYS : n % 4
      pids.push(await client.submit('limited', String(key)))
      await delay(8)
    }
  }
  const disturb = async (): Promise<void> => {
    while (Date.now() < until) {
      await delay(200 + Math.random() * 600)
      const index = Math.floor(Math.random() * HOSTS)
      const host = hosts[index]!
      if (Math.random() < 0.6) {
        await kill(host)
        kills += 1
        hosts[index] = await startHost(store, effects, rate)
      } else {
        host.kill('SIGSTOP')
        stops += 1
        await delay(Math.random() * STOPPED_MS)
        host.kill('SIGCONT')
      }
    }
  }
  const violations: string[] = []
  const begins: number[] = []
  try {
    await Promise.all([submit(), disturb()])
    const signal = AbortSignal.timeout(120_000)
    await Promise.all(
      pids.map(pid =>
        client.result(pid, { signal }).catch((error: unknown) => void violations.push(`${pid}: ${String(error)}`)),
      ),
    )
    for await (const { startedAt } of client.list()) begins.push(Date.parse(startedAt!))
  } finally {
    await Promise.all(hosts.map(kill))
    await client.close()
  }
  const lines = (await readFile(effects, 'utf8')).trim().split('\n')
  const found = lines.map(line => JSON.parse(line) as Effect)
  const { most, longestWaitMs } = check(found, violations)
  if (rate !== undefined) checkRate(begins, rate, kills + stops, violations)
  return { kills, stops, processes: pids.length, most, longestWaitMs, violations }
}

function check(effects: readonly Effect[], violations: string[]) {
  const open = new Map<string, Set<string>>()
  const lastBegin = new Map<string, number>()
  let [most, longestWaitMs] = [0, 0]
  for (const { what, pid, key, at } of effects) {
    const pids = open.get(key) ?? new Set<string>()
    open.set(key, pids)
    if (what === 'end') {
      pids.delete(pid)
      continue
    }
    // A process that is adopted begins again, in its place.
    pids.add(pid)
    most = Math.max(most, pids.size)
    if (pids.size > PLACES) violations.push(`${pids.size} of key ${key} at ${at}: ${[...pids].join(' ')}`)
    if (Number(key) < 4) longestWaitMs = Math.max(longestWaitMs, at - (lastBegin.get(key) ?? at))
    lastBegin.set(key, at)
  }
  return { most, longestWaitMs }
}

/**
 * @param begins epoch milliseconds
 * @param late how many may have begun later than they were counted: one for each host that was
 * killed or stopped in between
 */
function checkRate(begins: readonly number[], rate: string, late: number, violations: string[]): void {
  const [places = 0, seconds = 0] = rate.split('/').map(part => Number.parseInt(part, 10))
  const inOrder = begins.toSorted((a, b) => a - b)
  for (const [index, at] of inOrder.entries())
    if (index >= places + late && at - inOrder[index - places - late]! < seconds * 1_000)
      violations.push(`${places + late + 1} have begun within ${at - inOrder[index - places - late]!} ms at ${at}`)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, store: { type: 'string' }, rate: { type: 'string' } },
  })
  const dir = await mkdtemp(join(tmpdir(), 'stepwright-limits-'))
  const { violations, ...counts } = await soakLimits(dir, {
    seconds: Number(values.seconds),
    ...(values.store !== undefined && { store: join(dir, values.store) }),
    ...(values.rate !== undefined && { rate: values.rate }),
  })
  console.table({ ...counts, violations: violations.length })
  for (const violation of violations.slice(0, 50)) console.log(violation)
  console.log(dir)
  process.exitCode = violations.length === 0 ? 0 : 1
}
