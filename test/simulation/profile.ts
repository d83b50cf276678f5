import type { Random } from './random.ts'

/** What may be done to the world, and how often. */
export type Weights = Readonly<Record<ActionName, number>>

const USUAL = {
  start: 12,
  submit: 6,
  cancel: 1.5,
  proceed: 8,
  add: 6,
  finishAsking: 2,
  fork: 1,
  remove: 1,
  watch: 1,
  list: 1,
  openHost: 4,
  kill: 3,
  killInCall: 3,
  stop: 3,
  close: 2,
  diskFull: 1.5,
  diskErrors: 1.5,
  clock: 2,
  losePower: 2,
  unlinkSocket: 2,
  rob: 2,
} as const

export type ActionName = keyof typeof USUAL

/**
 * What kind of world a seed gives: each has some troubles, and not others, so that they do not hide
 * each other.
 */
export interface Profile {
  readonly durability: 'process' | 'power'
  readonly hosts: number
  readonly actions: number
  readonly schedules: boolean
  /** Each process has a network of its own. */
  readonly containers: boolean
  /** How fast clocks gain or lose, at most: milliseconds per millisecond. */
  drift: number
  /** Journals longer than this are compacted; in bytes. */
  readonly compactAt: number
  readonly interrupted: number
  readonly interruptedForMs: number
  readonly mostlyShort: number
  /** Of new processes, and of how many keys. */
  readonly keyed: number
  readonly keys: number
  /** Between two actions, at most; in milliseconds. */
  readonly pauseMs: number
  readonly weights: Weights
}

const TROUBLES: readonly ActionName[] = [
  'kill',
  'killInCall',
  'stop',
  'close',
  'diskFull',
  'diskErrors',
  'clock',
  'losePower',
  'cancel',
  'remove',
  'fork',
]

export function profileOf(random: Random): Profile {
  const durability = random.chance(0.3) ? 'power' : 'process'
  const weights: Record<ActionName, number> = { ...USUAL }
  for (const trouble of TROUBLES) if (random.chance(0.4)) weights[trouble] = 0
  // What is not forced to the disk may be lost with the power.
  if (durability === 'process') weights.losePower = 0
  return {
    durability,
    hosts: random.int(1, 3),
    actions: random.int(8, 45),
    schedules: random.chance(0.3),
    containers: random.chance(0.3),
    drift: random.pick([0, 0, 0.001, 0.05]),
    compactAt: random.pick([1_500, 4_000, Infinity]),
    interrupted: random.pick([0, 0.003, 0.02, 0.06]),
    mostlyShort: random.pick([1, 3, 6]),
    keyed: random.pick([0, 0.3, 0.8]),
    keys: random.pick([2, 10]),
    interruptedForMs: random.pick([2, 100, 3_000]),
    pauseMs: random.pick([30, 300, 1_500]),
    weights,
  }
}
