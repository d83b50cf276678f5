import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lowdbStore, openClient } from 'stepwright'
import { verify, type Findings } from './verify.ts'

export interface SoakResult extends Findings {
  readonly kills: number
  readonly stops: number
  readonly reads: number
}

const HOSTS = 3
const READERS = 2
/** How long everything may take to end once nobody kills any more. */
const SETTLE_MS = 60_000

/** Several hosts on one store that are killed, stopped and started again at random, and readers; then looks at what is left. Goes on for `seconds`, and until there were `atLeast` so many kills. */
export async function soak(
  dir: string,
  { seconds, atLeast }: { seconds: number; atLeast: number },
  say: (line: string) => void,
): Promise<SoakResult> {
  const store = join(dir, 'store'),
    effects = join(dir, 'effects')
  const env = { NODE_COMPILE_CACHE: join(dir, 'compiled'), ...process.env }
  const kills = new Map<string, number>()
  const hosts: { name: string; child: ChildProcess }[] = []
  let born = 0,
    stops = 0
  const faults: string[] = []

  async function bear(place: number): Promise<void> {
    const name = `host${++born}`
    const child = fork(join(import.meta.dirname, 'host.ts'), [store, effects, name], { execArgv: process.execArgv, env })
    hosts[place] = { name, child }
    child.on('exit', code => {
      if (code !== null && code !== 0) faults.push(`${name} ended by itself with status ${code}`)
    })
    await Promise.race([once(child, 'message'), once(child, 'exit')])
  }
  async function kill(place: number): Promise<void> {
    const { name, child } = hosts[place] as (typeof hosts)[number]
    kills.set(name, Date.now())
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  await Promise.all(Array.from({ length: HOSTS }, (_, place) => bear(place)))
  const readers = Array.from({ length: READERS }, () =>
    fork(join(import.meta.dirname, 'reader.ts'), [store], { execArgv: process.execArgv, env }),
  )
  const until = Date.now() + seconds * 1_000
  let told = Date.now()
  /** The moments are random on purpose: this is a search, and what it finds is checked at the end. */
  async function torment(place: number): Promise<void> {
    while (Date.now() < until || kills.size < atLeast) {
      await delay(200 + Math.random() * 800)
      if (Math.random() < 0.8) {
        await kill(place)
        await bear(place)
      } else {
        stops += 1
        hosts[place]?.child.kill('SIGSTOP')
        await delay(Math.random() * 1_200)
        hosts[place]?.child.kill('SIGCONT')
      }
      if (Date.now() - told > 10_000) {
        told = Date.now()
        say(`${Math.max(0, Math.round((until - told) / 1_000))} s left: ${kills.size} kills, ${stops} stops`)
      }
    }
  }
  await Promise.all(hosts.map((_, place) => torment(place)))
  for (const { child } of hosts) child.send('stop starting')
  const client = openClient(store)
  await allEnded(client, Date.now() + SETTLE_MS)
  let reads = 0
  for (const reader of readers) {
    reader.send('stop')
    const [report] = (await once(reader, 'message')) as [{ reads: number; faults: string[] }]
    reads += report.reads
    faults.push(...report.faults.map(fault => `reader: ${fault}`))
  }
  for (const { child } of hosts) child.kill('SIGKILL')
  const findings = await verify(client, lowdbStore(store), effects, kills)
  await client.close()
  return { ...findings, kills: kills.size, stops, reads, violations: [...findings.violations, ...faults] }
}

async function allEnded(client: ReturnType<typeof openClient>, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    let isOver = true
    for await (const _ of client.list({ status: ['pending', 'running', 'sleeping', 'interrupted'], limit: 1 })) isOver = false
    if (isOver) return
    await delay(100)
  }
}
