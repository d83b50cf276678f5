import type { Workload } from './workloads.ts'

/** What a contestant finds when it opens, in a Node process of its own. */
export interface Setting {
  readonly workload: Workload
  /** Of its own, and empty; shared by the Node processes of one contestant. */
  readonly dir: string
  readonly durability: 'process' | 'power'
  readonly redisPort?: number
  /** A database of its own. */
  readonly postgres?: string
}

/** Something that runs processes. */
export interface Contestant {
  /** Runs `count` processes, `atOnce` at a time, and checks their outputs. */
  run(count: number, atOnce: number): Promise<void>
  close(): Promise<void>
}

export type OpenContestant = (setting: Setting) => Promise<Contestant>

/**
 * For those that start a process and wait for its end: as soon as one has ended the next one
 * begins.
 */
export const inTurn =
  (one: () => Promise<void>): Contestant['run'] =>
  async (count, atOnce) => {
    let left = count
    await Promise.all(
      Array.from({ length: Math.min(atOnce, count) }, async () => {
        while (left-- > 0) await one()
      }),
    )
  }
