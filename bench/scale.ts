// How large a store may become: makes one of many ended processes and measures what users then wait for.
//   npm run bench:scale -- --store sqlite --records 1000000
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRuntime, defineProcess, lowdbStore, openClient, typed, type Client, type ListOptions, type Store } from 'stepwright'
import { sqliteStore } from 'stepwright/sqlite'
import { median } from './measure.ts'
import { endedProcess, pidOf } from './sample-processes.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    records: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
})
const records = Number(values.records)
const dir = await mkdtemp(join(import.meta.dirname, '.store-'))
const open = (): Store => (values.store === 'sqlite' ? sqliteStore(join(dir, 'store.sqlite')) : lowdbStore(join(dir, 'store')))

const PAGES: Readonly<Record<string, ListOptions>> = {
  newest: {},
  'status error': { status: 'error' },
  'status timeout (none)': { status: 'timeout' },
  name: { name: 'job-7' },
  'name and status': { name: 'job-7', status: 'error' },
  'label of one in 997': { labels: { user: 'u42' } },
  'label and status': { labels: { team: 't3' }, status: ['error', 'cancelled'] },
  'two labels': { labels: { team: 't3', user: 'u42' } },
}

async function fill(): Promise<number> {
  const host = await open().openHost()
  const begun = performance.now()
  for (let i = 0; i < records;) {
    const end = Math.min(records, i + 200)
    const batch: Promise<unknown>[] = []
    for (; i < end; i++) batch.push(host.import(endedProcess(i), []))
    await Promise.all(batch)
    if (i % 50_000 === 0) process.stderr.write(`${i} of ${records} made, ${Math.round((i / (performance.now() - begun)) * 1_000)}/s\n`)
  }
  await host.close()
  return performance.now() - begun
}

/** The median of several, in milliseconds. */
async function timed(times: number, work: (round: number) => Promise<unknown>): Promise<number> {
  const all: number[] = []
  for (let round = 0; round < times; round++) {
    const begun = performance.now()
    await work(round)
    all.push(performance.now() - begun)
  }
  return Number(median(all).toFixed(3))
}

async function firstPage(client: Client, options: ListOptions): Promise<void> {
  for await (const _ of client.list({ ...options, limit: 50 }));
}

async function measureAll(): Promise<Record<string, number>> {
  const results: Record<string, number> = {}
  const first = openClient(open())
  results['first page of a new client'] = await timed(1, () => firstPage(first, {}))
  for (const [name, options] of Object.entries(PAGES)) results[`first page: ${name}`] = await timed(7, () => firstPage(first, options))
  results['get'] = await timed(500, round => first.get(pidOf(Math.floor((records * ((round * 7919) % 500)) / 500))))

  const noop = defineProcess({ name: 'noop', input: typed<{ n: number }>() }).step('only', ({ data }) => data)
  const begun = performance.now()
  const runtime = await createRuntime({ processes: [noop], store: open(), retention: false })
  results['host start-up'] = Number((performance.now() - begun).toFixed(3))
  results['start'] = await timed(300, round => runtime.start(noop, { n: round }))
  await runtime.close()
  return results
}

try {
  const fillMs = await fill()
  const results = { 'import, each': Number((fillMs / records).toFixed(4)), ...(await measureAll()) }
  const { size } = await stat(join(dir, values.store === 'sqlite' ? 'store.sqlite' : 'store'))
  if (values.json) console.log(JSON.stringify({ store: values.store, records, ms: results }))
  else {
    console.log(
      `${values.store}Store, ${records} ended processes${values.store === 'sqlite' ? `, ${Math.round(size / 1e6)} MB` : ''}; milliseconds`,
    )
    console.table(results)
  }
} finally {
  await rm(dir, { recursive: true, force: true })
}
