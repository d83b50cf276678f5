import type { Result } from './rounds.ts'

/** Of one contestant to bare XState in the same round. */
export interface Ratio {
  readonly speed: number
  readonly cpu: number
}

/** By workload, then by contestant: `ratios.json`. */
export type Ratios = Readonly<Record<string, Readonly<Record<string, Ratio>>>>

const rounded = (value: number): number => Number(value.toPrecision(3))

export const ratiosOf = (results: readonly Result[]): Record<string, Ratio> =>
  Object.fromEntries(
    results
      .slice(1)
      .map(({ name, speedRatio, cpuRatio }) => [name, { speed: rounded(speedRatio), cpu: rounded(cpuRatio) }]),
  )

/**
 * What is out of its limits: a ratio may be `factor` times as large or as small as the one that is
 * kept. Much better is out as well: then the kept ones are old, and would not notice the way back.
 */
export function outOfLimits(
  workload: string,
  kept: Ratios,
  found: Readonly<Record<string, Ratio>>,
  factor: number,
): string[] {
  const known = kept[workload]
  if (known === undefined) return [`There are no ratios for the workload '${workload}' in bench/ratios.json`]
  return Object.entries(known).flatMap(([name, { speed, cpu }]) => {
    const now = found[name]
    if (now === undefined) return [`${workload}: '${name}' stands in bench/ratios.json, but was not measured`]
    return [
      ...outside(`${workload}: ${name}: speed`, now.speed, speed, factor, 'slower'),
      ...outside(`${workload}: ${name}: CPU`, now.cpu, cpu, factor, 'cheaper'),
    ]
  })
}

function outside(what: string, now: number, kept: number, factor: number, whenLess: 'slower' | 'cheaper'): string[] {
  const min = rounded(kept / factor)
  const max = rounded(kept * factor)
  if (now >= min && now <= max) return []
  const more = whenLess === 'slower' ? 'faster' : 'dearer'
  return [
    `${what} is ${now} x bare XState, expected ${kept} (${min} to ${max}): it became ${now < min ? whenLess : more}`,
  ]
}
