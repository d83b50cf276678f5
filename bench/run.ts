// npm run bench: how fast processes go, beside plain XState and, with --peers, beside others who keep what steps return. See docs/performance.md.
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { barChart } from './chart.ts'
import { entriesFor, GUARANTEE_ENTRIES, quickEntries, type Durability, type Entry } from './entries.ts'
import { outOfLimits, ratiosOf, type Ratio, type Ratios } from './ratios.ts'
import { measureRounds, type Result, type Servers } from './rounds.ts'
import { installPeers, startPostgres, startRedis } from './servers.ts'
import { installedPostgres } from '../test/postgres/server.ts'
import { tableOf } from './table.ts'
import { WORKLOADS, type Workload } from './workloads.ts'

const { values } = parseArgs({
  options: {
    workload: { type: 'string', multiple: true, default: ['4-steps'] },
    all: { type: 'boolean', default: false },
    durability: { type: 'string', default: 'process' },
    peers: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    processes: { type: 'string' },
    'at-once': { type: 'string' },
    // A file, or `-` for stdout instead of the table.
    json: { type: 'string' },
    chart: { type: 'string' },
    check: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    // With --check: keeps the ratios that were found.
    update: { type: 'boolean', default: false },
    // What the barrier and the looks for dead hosts cost, instead.
    guarantees: { type: 'boolean', default: false },
  },
})

const RATIOS = join(import.meta.dirname, 'ratios.json')
/**
 * How far a ratio may be from the one that is kept. The short form runs beside anything, and looks
 * for what is badly wrong.
 */
const LIMIT = { full: 1.6, short: 4 }
const TRIES = 3

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find(one => one === value)
  if (found === undefined) throw new TypeError(`--${option}: expected ${allowed.join(', ')}, got '${value}'`)
  return found
}

function positive(option: string, value: string | undefined): number | undefined {
  if (value === undefined || /^[1-9]\d*$/.test(value)) return value === undefined ? undefined : Number(value)
  throw new TypeError(`--${option}: expected a whole number from 1, got '${value}'`)
}

function workloads(): Workload[] {
  const names = values.all ? WORKLOADS.map(({ name }) => name) : values.workload
  return names.map(name => {
    oneOf(
      'workload',
      name,
      WORKLOADS.map(one => one.name),
    )
    const workload = WORKLOADS.find(one => one.name === name)!
    return {
      ...workload,
      rounds: positive('rounds', values.rounds) ?? (values.all ? 3 : workload.rounds),
      processes: positive('processes', values.processes) ?? workload.processes,
      atOnce: positive('at-once', values['at-once']) ?? workload.atOnce,
    }
  })
}

async function startedPostgres(): Promise<Servers> {
  if (installedPostgres() !== undefined) return { postgres: await startPostgres() }
  process.stderr.write('There is no PostgreSQL of npm for this platform: what needs one is left out\n')
  return {}
}

async function bench(): Promise<void> {
  const durability: Durability = oneOf('durability', values.durability, ['process', 'power', 'both'])
  if (values.peers) installPeers()
  const servers: Servers = {
    ...(values.peers && { redis: await startRedis(durability === 'power' ? 'power' : 'process') }),
    ...(await startedPostgres()),
  }
  const all: Record<string, Result[]> = {}
  try {
    for (const workload of workloads()) {
      const entries = values.guarantees ? GUARANTEE_ENTRIES : entriesFor(workload, durability, values.peers)
      const results = await measureRounds(entries, workload, { servers, latency: true })
      all[workload.name] = results
      if (values.json !== '-')
        console.log(`\n${workload.name}: ${workload.about}; ${workload.atOnce} at once\n\n${tableOf(results)}\n`)
    }
  } finally {
    await servers.redis?.stop()
    await servers.postgres?.stop()
  }
  const json = `${JSON.stringify(all, undefined, 2)}\n`
  if (values.json === '-') process.stdout.write(json)
  else if (values.json !== undefined) writeFileSync(values.json, json)
  if (values.chart !== undefined) writeFileSync(values.chart, chart(all))
}

/** Of the first workload. */
function chart(all: Readonly<Record<string, readonly Result[]>>): string {
  const [[name, results] = ['', []]] = Object.entries(all)
  const bars = results.map(({ name, stepsPerSecond, cpuMicrosecondsPerStep }) => ({
    label: name,
    value: stepsPerSecond,
    note: `${Math.round(stepsPerSecond).toLocaleString('en')} steps/s, ${Math.round(cpuMicrosecondsPerStep)} µs CPU`,
    ours: name.startsWith('stepwright'),
  }))
  const { about } = WORKLOADS.find(workload => workload.name === name)!
  return barChart('Steps per second', `${about}; CPU of all processes involved, per step. More is better.`, bars)
}

const memoryFileSystem = (): string | undefined => {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return undefined
  }
}

/**
 * A machine that was busy with something else is no reason to fail: what is out of its limits is
 * measured again.
 */
async function check(): Promise<void> {
  const factor = values.short ? LIMIT.short : LIMIT.full
  const workload = { ...WORKLOADS[0]!, ...(values.short && { processes: 600, rounds: 3 }) }
  const entries = values.short ? quickEntries() : entriesFor(workload, 'process', false)
  const parent = values.short ? memoryFileSystem() : undefined
  const servers = values.short ? {} : await startedPostgres()
  try {
    await compare(entries, workload, servers, factor, parent)
  } finally {
    await servers.postgres?.stop()
  }
}

async function compare(
  entries: readonly Entry[],
  workload: Workload,
  servers: Servers,
  factor: number,
  parent?: string,
): Promise<void> {
  const kept = JSON.parse(readFileSync(RATIOS, 'utf8')) as Ratios
  const name = values.short ? 'short' : workload.name
  let out: string[] = []
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const found = ratiosOf(
      await measureRounds(entries, workload, { servers, latency: false, ...(parent && { parent }) }),
    )
    if (values.update) return update(kept, name, found)
    out = outOfLimits(name, kept, found, factor)
    if (out.length === 0)
      return console.log(
        `The ratios of ${Object.keys(found).length} contestants to bare XState are within their limits.`,
      )
    process.stderr.write(`${out.join('\n')}\n`)
  }
  console.log(`Out of the limits of bench/ratios.json, ${TRIES} times over:\n${out.join('\n')}`)
  console.log(
    `If that is meant to be so, run \`npm run bench -- --check${values.short ? ' --short' : ''} --update\` on an idle machine and commit the file.`,
  )
  process.exitCode = 1
}

function update(kept: Ratios, name: string, found: Readonly<Record<string, Ratio>>): void {
  writeFileSync(RATIOS, `${JSON.stringify({ ...kept, [name]: found }, undefined, 2)}\n`)
  console.log(`bench/ratios.json has the ratios of '${name}' as they are now.`)
}

await (values.check ? check() : bench())
process.exit()
