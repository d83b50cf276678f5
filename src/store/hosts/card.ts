import os from 'node:os'
import { readBootId } from './other-machines.ts'

/** What a host says about itself. Never changes. */
export interface HostCard {
  readonly id: string
  readonly osPid: number
  readonly hostname: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Of the machine, where it has one. */
  readonly bootId?: string
}

/** The card of a host in this Node process. */
export function newCard(id: string): HostCard {
  const bootId = readBootId()
  return { id, osPid: process.pid, hostname: os.hostname(), startedAt: Date.now(), ...(bootId !== undefined && { bootId }) }
}
