import { STEPS, type Contestant } from './contestants.ts'

export interface Measurement {
  readonly stepsPerSecond: number
  readonly cpuMicrosecondsPerStep: number
}

/** Runs `count` processes, `atOnce` at a time. */
export async function measure(contestant: Contestant, count: number, atOnce: number): Promise<Measurement> {
  globalThis.gc?.()
  const cpu = process.cpuUsage()
  const begun = performance.now()
  let left = count
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await contestant.run()
    }),
  )
  const ms = performance.now() - begun
  const { user, system } = process.cpuUsage(cpu)
  const steps = count * STEPS
  return { stepsPerSecond: (steps / ms) * 1_000, cpuMicrosecondsPerStep: (user + system) / steps }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
