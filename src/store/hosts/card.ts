import os from 'node:os'
import type { Documents } from '../documents.ts'
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

/** Keeps the card of a host in this Node process. */
export async function putCard(documents: Documents, id: string): Promise<void> {
  const bootId = readBootId()
  const card: HostCard = {
    id,
    osPid: process.pid,
    hostname: os.hostname(),
    startedAt: Date.now(),
    ...(bootId !== undefined && { bootId }),
  }
  await documents.put('hosts', id, JSON.stringify(card))
}

export function parseCard(value: unknown, document: string): HostCard {
  const { id, osPid, hostname, startedAt, bootId } = (value ?? {}) as Partial<HostCard>
  if (id !== document || typeof osPid !== 'number' || typeof hostname !== 'string' || !Number.isFinite(startedAt)) {
    throw new Error('it is no card of this host')
  }
  return { id, osPid, hostname, startedAt: startedAt!, ...(typeof bootId === 'string' && { bootId }) }
}
