import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Contestant } from './contestant.ts'
import { bytesWrittenBy, type Usage } from './usage.ts'
import { latenciesDuring } from './workloads.ts'

/** How often the event loop is looked at. */
const LOOP_MS = 1

/** What one Node process did in a round. */
export interface Measured extends Usage {
  readonly ms: number
  readonly peakBytes: number
  /**
   * How late a timer was in the worst of a hundred turns of the event loop, in milliseconds. A loop
   * that does not turn tells nothing.
   */
  readonly loopDelayMs: number
}

export async function measure(contestant: Contestant, count: number, atOnce: number): Promise<Measured> {
  const loop = monitorEventLoopDelay({ resolution: LOOP_MS })
  loop.enable()
  const written = bytesWrittenBy('self')
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await contestant.run(count, atOnce)
  const ms = performance.now() - begun
  const { user, system } = process.cpuUsage(cpu)
  // The histogram learns of the last delay when the loop turns next.
  await delay(2 * LOOP_MS)
  loop.disable()
  return {
    ms,
    cpuMicroseconds: user + system,
    bytesWritten: bytesWrittenBy('self') - written,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    loopDelayMs: Math.max(0, loop.percentile(99) / 1e6 - LOOP_MS),
  }
}

const LATENCY_MS = 1_000
const MOST_PROCESSES = 500

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** Of one step, in milliseconds, while there is one process at a time. */
export async function measureLatency(contestant: Contestant): Promise<Latency> {
  const begun = performance.now()
  const found = await latenciesDuring(async () => {
    for (let n = 0; n < MOST_PROCESSES && performance.now() - begun < LATENCY_MS; n++) await contestant.run(1, 1)
  })
  return { p50: quantile(found, 0.5), p99: quantile(found, 0.99) }
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)
