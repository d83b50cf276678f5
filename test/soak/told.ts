import { epochOf, type ProcessRecord } from '../../src/record/record.ts'
import type { Effect, HostEffect } from './effects.ts'

/** From where a host has a process: the epoch it has it in, and the revision it went on from. */
export interface Holding {
  readonly epoch: number
  readonly revision: number
}

/** Who creates a process has it so. */
const CREATED: Holding = { epoch: 0, revision: 1 }

/** What hosts told of processes, as positions in the order of all effects. */
export class Told {
  /** Where each line was first given to the store, by pid, epoch and revision. */
  readonly #lines = new Map<string, number>()
  /** What each host took up, in order, by host and pid. */
  readonly #holdings = new Map<string, (Holding & { readonly position: number })[]>()

  constructor(effects: readonly Effect[]) {
    for (const [position, effect] of effects.entries()) {
      if (!isOfHost(effect)) continue
      const [what, pid, epoch, revision, host] = effect
      const line = `${pid} ${epoch} ${revision}`
      if (what === 'line') this.#lines.set(line, this.#lines.get(line) ?? position)
      else this.#holdings.set(`${host} ${pid}`, [...this.#held(host, pid), { position, epoch, revision }])
    }
  }

  /** How a host had a process at a position. */
  holding(host: string, pid: string, position: number): Holding {
    return this.#held(host, pid).findLast(one => one.position < position) ?? CREATED
  }

  /** Where the line of a record was first given to the store; the first line of all at the start. */
  position(record: ProcessRecord): number {
    if (record.revision === 1) return -1
    return this.#lines.get(`${record.pid} ${epochOf(record)} ${record.revision}`) ?? Infinity
  }

  /** Whether a record was known to a host at a position: it went on from it, or it was written. */
  isKnown(record: ProcessRecord, host: string, position: number): boolean {
    return record.revision <= this.holding(host, record.pid, position).revision || this.position(record) < position
  }

  #held(host: string, pid: string): (Holding & { readonly position: number })[] {
    return this.#holdings.get(`${host} ${pid}`) ?? []
  }
}

export const isOfHost = (effect: Effect): effect is HostEffect => effect[0] === 'took' || effect[0] === 'line'

/** Epochs that go back in a journal, and lines that came into it after it was taken away. */
export function faultsInEpochs(
  effects: readonly Effect[],
  histories: ReadonlyMap<string, readonly ProcessRecord[]>,
): string[] {
  const faults: string[] = []
  const taken = new Set<string>()
  for (const effect of effects) {
    if (effect[0] !== 'took') continue
    const [, pid, epoch, revision, host] = effect
    if (taken.has(`${pid} ${epoch}`)) faults.push(`${pid} was taken up twice in epoch ${epoch}, last by ${host}`)
    taken.add(`${pid} ${epoch}`)
    for (const record of histories.get(pid) ?? [])
      if (record.revision <= revision !== epochOf(record) < epoch)
        faults.push(
          `${host} took ${pid} at revision ${revision} in epoch ${epoch}; line ${record.revision} is of epoch ${epochOf(record)}`,
        )
  }
  return faults
}
