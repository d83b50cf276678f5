import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openClient, type Client } from 'stepwright'
import { storeAt } from '../../src/client/store-at.ts'
import { verify, type Findings, type Stop } from './verify.ts'

export interface SoakResult extends Findings {
  /** What the definitions were made of. */
  readonly seed: string
  readonly kills: number
  readonly stops: number
  readonly reads: number
}

export interface SoakOptions {
  readonly seconds: number
  readonly atLeast: number
  readonly seed?: string
  /** A place as clients take it: a folder in `dir` by default. */
  readonly store?: string
  /** What else may go wrong while hosts live. */
  readonly trouble?: Trouble
}

export interface Trouble {
  /** Called now and then, and awaited before what is left is looked at. */
  occur(): Promise<void>
  /** Makes others believe that a host is dead, which is stopped. */
  cutOff(osPid: number): Promise<void>
}

const HOSTS = 4
const READERS = 2
/** How long a host lives once it is ready, at most. */
const LIFE_MS = 3_000
const STOP_MS = 1_200
/** So long that others adopt what a host had that is cut off meanwhile. */
const CUT_OFF_MS = 2_500
const TROUBLE_MS = 350
/**
 * How long nothing may change, once nobody kills any more, before what has not ended is called
 * stuck.
 */
const STUCK_MS = 60_000

/**
 * Several hosts on one store that are killed, stopped and started again at random, and readers;
 * then looks at what is left. Goes on for `seconds`, and until there were `atLeast` so many kills.
 */
export async function soak(
  dir: string,
  { seconds, atLeast, seed = Date.now().toString(36), store = join(dir, 'store'), trouble }: SoakOptions,
  say: (line: string) => void,
): Promise<SoakResult> {
  const effects = join(dir, 'effects')
  const kills = new Map<string, number>()
  const stopped: Stop[] = []
  const first = Promise.withResolvers<void>()
  let born = 0
  const faults: string[] = []
  const until = Date.now() + seconds * 1_000
  const goesOn = (): boolean => Date.now() < until || kills.size < atLeast

  async function bear(): Promise<{ name: string; child: ChildProcess }> {
    const name = `host${++born}`
    const env = { ...process.env, SOAK_EFFECTS: effects, SOAK_HOST: name, NODE_COMPILE_CACHE: join(dir, 'compiled') }
    const child = fork(join(import.meta.dirname, 'host.ts'), [store, seed], { execArgv: process.execArgv, env })
    child.on('exit', code => {
      if (code !== null && code !== 0) faults.push(`${name} ended by itself with status ${code}`)
    })
    await Promise.race([once(child, 'message'), once(child, 'exit')])
    first.resolve()
    return { name, child }
  }
  /** One host after the other, each killed but the last, which is returned. */
  async function lives(): Promise<ChildProcess> {
    for (;;) {
      const { name, child } = await bear()
      // The moments are random on purpose: this is a search, and what it finds is checked at the
      // end.
      await delay(Math.random() * LIFE_MS)
      if (Math.random() < 0.1) {
        const from = Date.now()
        child.kill('SIGSTOP')
        const isCutOff = trouble !== undefined && Math.random() < 0.5
        if (isCutOff) await trouble.cutOff(child.pid as number)
        await delay(isCutOff ? CUT_OFF_MS : Math.random() * STOP_MS)
        stopped.push({ host: name, from, to: Date.now() })
        child.kill('SIGCONT')
        // What it does now that it is back is looked at, too.
        if (isCutOff) await delay(Math.random() * STOP_MS)
      }
      if (!goesOn()) return child
      kills.set(name, Date.now())
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
  }

  const places = Array.from({ length: HOSTS }, lives)
  // Before there is a store a reader has nothing to read.
  await first.promise
  const readers = Array.from({ length: READERS }, () =>
    fork(join(import.meta.dirname, 'reader.ts'), [store], { execArgv: process.execArgv }),
  )
  const telling = setInterval(
    () =>
      say(
        `${Math.max(0, Math.round((until - Date.now()) / 1_000))} s left: ${kills.size} kills, ${stopped.length} stops`,
      ),
    10_000,
  )
  const troubled = (async () => {
    if (trouble === undefined) return
    while (goesOn()) {
      await trouble.occur()
      await delay(TROUBLE_MS)
    }
  })()
  const hosts = await Promise.all(places)
  await troubled
  clearInterval(telling)
  await Promise.all(
    hosts.map(async child => {
      child.send('stop starting')
      await once(child, 'message')
    }),
  )
  const client = openClient(store)
  await allEnded(client)
  let reads = 0
  for (const reader of readers) {
    reader.send('stop')
    const [report] = (await once(reader, 'message')) as [{ reads: number; faults: string[] }]
    reads += report.reads
    faults.push(...report.faults.map(fault => `reader: ${fault}`))
  }
  for (const child of hosts) child.kill('SIGKILL')
  const findings = await verify(client, storeAt(store), effects, { kills, stopped }, seed)
  await client.close()
  return {
    ...findings,
    seed,
    kills: kills.size,
    stops: stopped.length,
    reads,
    violations: [...findings.violations, ...faults],
  }
}

/** Waits until every process has ended, or none comes any further. */
async function allEnded(client: Client): Promise<void> {
  let before = '',
    changedAt = Date.now()
  while (Date.now() - changedAt < STUCK_MS) {
    const open: string[] = []
    for await (const { pid, revision } of client.list({ status: ['pending', 'running', 'sleeping', 'interrupted'] }))
      open.push(`${pid} ${revision}`)
    if (open.length === 0) return
    const now = open.join()
    if (now !== before) changedAt = Date.now()
    before = now
    await delay(200)
  }
}
