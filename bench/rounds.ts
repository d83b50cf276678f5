import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import type { Setting } from './contestant.ts'
import type { Entry } from './entries.ts'
import { median, type Latency, type Measured } from './measure.ts'
import type { Postgres, Server } from './servers.ts'
import { openTeam, type Team } from './team.ts'
import type { Workload } from './workloads.ts'

/** Medians over all rounds; ratios are those to the first contestant in the same round. */
export interface Result {
  readonly name: string
  readonly stepsPerSecond: number
  readonly cpuMicrosecondsPerStep: number
  readonly speedRatio: number
  readonly cpuRatio: number
  readonly latency: Latency | undefined
  readonly peakBytes: number
  readonly loopDelayMs: number
  readonly bytesWrittenPerProcess: number
  /** Processes in a round. */
  readonly processes: number
}

export interface Servers {
  readonly redis?: Server
  readonly postgres?: Postgres
}

export interface RoundOptions {
  readonly servers: Servers
  readonly latency: boolean
  /**
   * Where stores are made: beside the bench by default, so that it is a disk that is measured and
   * not a file system in memory.
   */
  readonly parent?: string
}

/** No round of one contestant takes much longer. */
const ROUND_MS = 3_000
/** Node goes on making code faster for some ten thousand steps. */
const WARM_UP_MS = 6_000
const tell = (text: string): void => void process.stderr.write(text)

/**
 * Runs all contestants in turn, round after round, so that a machine that slows down slows all of
 * them down.
 */
export async function measureRounds(
  entries: readonly Entry[],
  workload: Workload,
  { servers, latency, parent = import.meta.dirname }: RoundOptions,
): Promise<Result[]> {
  const dir = mkdtempSync(join(parent, '.store-'))
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  atExit(remove)
  tell(
    `${workload.name}: ${workload.about}; up to ${workload.processes} processes a round, ${workload.atOnce} at once\n`,
  )
  const runners: Runner[] = []
  for (const [index, entry] of entries.entries()) {
    tell(`  warms up: ${entry.name}\n`)
    const own = join(dir, String(index))
    await mkdir(own)
    runners.push(await warmUp(entry, workload, own, servers))
  }
  for (let round = 1; round <= workload.rounds; round++) {
    for (const { team, count, measured } of runners) {
      // While the others had their turn, its memory and its fastest code may have been given up.
      await team.run(Math.ceil(count / 4), workload.atOnce)
      measured.push(await team.run(count, workload.atOnce))
    }
    tell(`  round ${round} of ${workload.rounds}\n`)
  }
  const latencies: (Latency | undefined)[] = []
  for (const { team } of runners) latencies.push(latency ? await team.latency() : undefined)
  for (const { team } of runners) await team.close()
  remove()
  return runners.map((runner, index) => resultOf(runner, runners[0]!, workload.steps, latencies[index]))
}

interface Runner {
  readonly team: Team
  readonly count: number
  readonly measured: Measured[]
}

async function warmUp(entry: Entry, workload: Workload, dir: string, { redis, postgres }: Servers): Promise<Runner> {
  const server = entry.server === 'redis' ? redis : entry.server === 'postgres' ? postgres : undefined
  const setting: Setting = {
    workload,
    dir,
    durability: entry.durability,
    ...(entry.server === 'redis' && redis && { redisPort: redis.port }),
    ...(entry.server === 'postgres' && postgres && { postgres: await postgres.createDatabase() }),
  }
  const team = await openTeam(entry, setting, server?.pid)
  const { processes, atOnce } = workload
  const pilot = Math.min(processes, atOnce)
  let count = pilot
  for (const until = performance.now() + WARM_UP_MS; performance.now() < until;) {
    const { ms } = await team.run(count, atOnce)
    count = Math.min(processes, Math.max(pilot, Math.round((count / ms) * ROUND_MS)))
  }
  return { team, count, measured: [] }
}

const stepsPerSecond = ({ count }: Runner, steps: number, { ms }: Measured): number => ((count * steps) / ms) * 1_000
const cpuPerStep = ({ count }: Runner, steps: number, { cpuMicroseconds }: Measured): number =>
  cpuMicroseconds / (count * steps)

function resultOf(runner: Runner, base: Runner, steps: number, latency: Latency | undefined): Result {
  const { team, count, measured } = runner
  const over = (of: (one: Measured, round: number) => number): number => median(measured.map(of))
  return {
    name: team.entry.name,
    stepsPerSecond: over(one => stepsPerSecond(runner, steps, one)),
    cpuMicrosecondsPerStep: over(one => cpuPerStep(runner, steps, one)),
    speedRatio: over(
      (one, round) => stepsPerSecond(runner, steps, one) / stepsPerSecond(base, steps, base.measured[round]!),
    ),
    cpuRatio: over((one, round) => cpuPerStep(runner, steps, one) / cpuPerStep(base, steps, base.measured[round]!)),
    latency,
    peakBytes: Math.max(...measured.map(({ peakBytes }) => peakBytes)),
    loopDelayMs: over(one => one.loopDelayMs),
    bytesWrittenPerProcess: over(one => one.bytesWritten / count),
    processes: count,
  }
}
