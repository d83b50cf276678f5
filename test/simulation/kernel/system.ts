import { Random } from '../random.ts'
import { Disk } from './disk.ts'
import type { Inode, OnName } from './disk.ts'
import { Faults } from './faults.ts'
import type { Process } from './process.ts'
import { Scheduler } from './scheduler.ts'
import { Sockets } from './sockets.ts'

/** How often processes get into each other's way. */
export interface Unrest {
  /** Of calls at which others run before it is done. */
  readonly interrupted: number
  /** How long the others then run, at most; in milliseconds. */
  readonly interruptedForMs: number
  /** 1: any length is as likely; more: short ones are more likely. */
  readonly mostlyShort: number
}

export const REST: Unrest = { interrupted: 0, interruptedForMs: 0, mostlyShort: 1 }

/**
 * What one process changes under the hands of another: before these they get into each other's way
 * more often.
 */
const RACES: ReadonlySet<string> = new Set(['rename', 'link', 'unlink', 'rmdir'])
const RACES_MORE = 8

/** How many processes may be in the middle of a call at once, besides the one that runs. */
const MAX_DEPTH = 2

/** The machine that processes run on: its time, disk and sockets. */
export class System<P extends Process> {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly disk: Disk
  readonly sockets: Sockets
  readonly faults: Faults
  readonly #epochMs: number
  /** What the clock on the wall is ahead of the time that has passed. */
  clockIsAheadMs = 0
  unrest = REST
  interrupts = 0
  readonly lives = new Set<P>()
  onWrite: (life: P, inode: Inode) => void = () => {}
  onCrash: (life: P, error: unknown) => void = () => {}
  #depth = 0

  constructor(seed: number, epochMs: number, onName: OnName, onFault: (text: string) => void) {
    this.random = new Random(seed)
    this.#epochMs = epochMs
    this.scheduler = new Scheduler(this.random)
    this.disk = new Disk(this.random, () => this.wallMs(), onName)
    this.sockets = new Sockets(this.disk)
    this.faults = new Faults(this.random, onFault)
  }

  wallMs(): number {
    return this.#epochMs + this.scheduler.nowMs + this.clockIsAheadMs
  }

  latencyMs(): number {
    return this.random.chance(0.05) ? this.random.next() * 20 : 0.05 + this.random.next() * 0.5
  }

  /**
   * A call takes its time, and others may run before it is done: for moments, or as long as a
   * process may be stopped.
   */
  interrupt(call: string): void {
    const { scheduler, random, unrest } = this
    scheduler.nowMs += 0.002 + random.next() * 0.02
    const chance = unrest.interrupted * (RACES.has(call) ? RACES_MORE : 1)
    if (this.#depth >= MAX_DEPTH || !random.chance(chance)) return
    this.interrupts += 1
    const untilMs = scheduler.nowMs + unrest.interruptedForMs * random.next() ** unrest.mostlyShort
    this.#depth += 1
    while (scheduler.step(untilMs)) if (scheduler.nowMs > untilMs) break
    this.#depth -= 1
  }

  onChange(inode: Inode): void {
    for (const life of this.lives) if (!life.isDead) life.noticeChange(inode)
  }
}
