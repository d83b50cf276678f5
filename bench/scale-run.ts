// One store of one size, in a Node process of its own: fills it, then measures what users wait for.
// Prints its figures as JSON.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createRuntime,
  defineProcess,
  lowdbStore,
  openClient,
  typed,
  type Client,
  type ListOptions,
  type Runtime,
  type Store,
} from 'stepwright'
import { sqliteStore } from 'stepwright/sqlite'
import { napping } from './figures-processes.ts'
import { median } from './measure.ts'
import { endedProcess, pidOf } from './sample-processes.ts'

/** By name; milliseconds, unless the name says what else. */
export type Figures = Record<string, number>

const PAGES: Readonly<Record<string, ListOptions>> = {
  'newest 50': {},
  '50 of a status': { status: 'error' },
  '50 of a status that none has': { status: 'timeout' },
  '50 of a name': { name: 'job-7' },
  '50 of a name and status': { name: 'job-7', status: 'error' },
  '50 of a label that one in 997 has': { labels: { user: 'u42' } },
  '50 of a label and status': { labels: { team: 't3' }, status: ['error', 'cancelled'] },
  '50 of two labels': { labels: { team: 't3', user: 'u42' } },
}
/** A directory has no index: a list that finds little reads every journal. */
const MOST_READ = 20_000
/** Processes in a store that is as good as empty, ended and live each. */
const FEW = 50
const ROUNDS = 500

const [dir = '', kind = '', ended = '0', live = '0'] = process.argv.slice(2)
const [records, parked] = [Number(ended), Number(live)]
const open = (name: string): Store =>
  kind === 'sqlite' ? sqliteStore(join(dir, `${name}.sqlite`)) : lowdbStore(join(dir, name))
const noop = defineProcess({ name: 'noop', input: typed<{ n: number }>() }).step('only', ({ data }) => data)
const openHost = (name: string, recover: 'resume' | false = 'resume'): Promise<Runtime> =>
  createRuntime({ processes: [noop, napping], store: open(name), retention: false, concurrency: 1_000, recover })
const tell = (text: string): void => void process.stderr.write(`  ${text}\n`)
const figures: Figures = {}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

async function fill(store: Store, count: number): Promise<void> {
  const host = await store.openHost()
  for (let i = 0; i < count;) {
    const end = Math.min(count, i + 200)
    const batch: Promise<unknown>[] = []
    for (; i < end; i++) batch.push(host.import(endedProcess(i), { log: [], stream: [] }))
    await Promise.all(batch)
    if (i % 50_000 === 0) tell(`${i} of ${count} made`)
  }
  await host.close()
}

const heapAfterGc = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

async function park(runtime: Runtime, count: number): Promise<string[]> {
  const pids: string[] = []
  while (pids.length < count) {
    const some = await Promise.all(
      Array.from({ length: Math.min(100, count - pids.length) }, (_, n) => runtime.start(napping, { n })),
    )
    pids.push(...some.map(({ pid }) => pid))
  }
  for (const pid of pids) while ((await runtime.get(pid))?.status !== 'sleeping') await delay(1)
  return pids
}

async function parkAll(runtime: Runtime): Promise<string[]> {
  // What is made once, for the first of them.
  await park(runtime, 50)
  const before = heapAfterGc()
  const pids = await park(runtime, parked)
  figures['KiB of heap for a parked process'] = (heapAfterGc() - before) / parked / 1_024
  if (process.platform === 'linux') figures['open files'] = readdirSync('/proc/self/fd').length
  return pids
}

/** In turn, so that a machine that slows down slows both down. */
async function compareToEmpty(runtime: Runtime, pids: readonly string[]): Promise<void> {
  await fill(open('empty'), FEW)
  const empty = await openHost('empty')
  const emptyPids = await park(empty, FEW)
  const starts = new Comparison()
  const gets = new Comparison()
  const liveGets = new Comparison()
  for (let n = 0; n < ROUNDS; n++) {
    for (const [host, into] of [
      [empty, starts.empty],
      [runtime, starts.full],
    ] as const) {
      let job: { result(): Promise<unknown> } | undefined
      into.push(await timed(async () => void (job = await host.start(noop, { n }))))
      await job?.result()
    }
  }
  for (let n = 0; n < ROUNDS; n++) {
    gets.empty.push(await timed(() => empty.get(pidOf((n * 7) % FEW))))
    gets.full.push(await timed(() => runtime.get(pidOf(Math.floor((records * ((n * 7_919) % ROUNDS)) / ROUNDS)))))
    liveGets.empty.push(await timed(() => empty.get(emptyPids[(n * 7) % FEW]!)))
    liveGets.full.push(await timed(() => runtime.get(pids[(n * 7) % pids.length]!)))
  }
  starts.tell('start')
  gets.tell('get')
  liveGets.tell('get of a live one')
  await empty.close()
}

class Comparison {
  readonly empty: number[] = []
  readonly full: number[] = []
  tell(what: string): void {
    figures[what] = median(this.full)
    figures[`${what}, x empty store`] = median(this.full) / median(this.empty)
  }
}

async function readPages(client: Client): Promise<void> {
  figures['counts by status'] = median([
    await timed(() => client.counts()),
    await timed(() => client.counts()),
    await timed(() => client.counts()),
  ])
  const readsAll = kind === 'lowdb' && records > MOST_READ
  for (const [name, options] of Object.entries(PAGES)) {
    if (readsAll && name !== 'newest 50') continue
    const page = () => timed(async () => void (await Array.fromAsync(client.list({ ...options, limit: 50 }))))
    figures[name] = median([await page(), await page(), await page()])
  }
}

async function startUps(parkedHost: Runtime): Promise<void> {
  const begin = async (): Promise<[number, Runtime]> => {
    const begun = performance.now()
    const runtime = await openHost('store')
    return [performance.now() - begun, runtime]
  }
  const [beside, second] = await begin()
  figures['host start-up, beside another'] = beside
  await second.close()
  await parkedHost.close()
  const [after, heir] = await begin()
  figures['host start-up, takes over what is parked'] = after
  await heir.close()
}

/** Removes half of what has ended. */
async function expire(): Promise<void> {
  const host = await open('store').openHost()
  const half = endedProcess(Math.floor(records / 2))[0]!.createdAt
  await delay(50)
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  let removed = 0
  const ms = await timed(async () => void (removed = await host.expire(half, Date.now())))
  // The histogram learns of a delay when the loop turns next.
  await delay(20)
  loop.disable()
  if (removed !== Math.floor(records / 2))
    throw new Error(`${removed} were removed instead of ${Math.floor(records / 2)}`)
  figures['retention, each'] = ms / removed
  figures['retention, longest block of the event loop'] = loop.max / 1e6
  figures['retention, p99 of the event loop'] = loop.percentile(99) / 1e6
  await host.close()
}

await fill(open('store'), records)
const runtime = await openHost('store')
const client = openClient(open('store'))
const pids = await parkAll(runtime)
tell(`${parked} parked`)
await compareToEmpty(runtime, pids)
tell('started and got')
await readPages(client)
tell('listed')
await startUps(runtime)
tell('opened')
await expire()
await client.close()
console.log(JSON.stringify(figures))
