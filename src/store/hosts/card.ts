import fs from 'node:fs'
import os from 'node:os'

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

/** Linux only. */
function readBootId(): string | undefined {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
