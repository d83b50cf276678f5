import os from 'node:os'
import { integer, object, oneOf, optional, text, time } from '../../record/schema.ts'
import type { Schema } from '../../record/schema.ts'
import { readDocuments } from '../documents.ts'
import type { CorruptDocument, Documents } from '../documents.ts'
import { readBootId, readNetwork } from './this-machine.ts'

/** What a host says about itself. Never changes. */
export interface HostCard {
  readonly id: string
  readonly osPid: number
  readonly hostname: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Of the machine, where it has one. */
  readonly bootId?: string
  /** The network namespace, on Linux: the abstract sockets of hosts in the same one can be seen. */
  readonly network?: string
}

/** The card of a host in this Node process. */
export function newCard(id: string): HostCard {
  const bootId = readBootId()
  const network = readNetwork()
  return {
    id,
    osPid: process.pid,
    hostname: os.hostname(),
    startedAt: Date.now(),
    ...(bootId !== undefined && { bootId }),
    ...(network !== undefined && { network }),
  }
}

export const cardSchemaOf = (document: string): Schema =>
  object<HostCard>({
    id: oneOf(document),
    osPid: integer,
    hostname: text,
    startedAt: time,
    bootId: optional(text),
    network: optional(text),
  })

export const readCards = (documents: Documents, onCorrupt?: (document: CorruptDocument) => void): Promise<HostCard[]> =>
  readDocuments(documents, 'hosts', cardSchemaOf, onCorrupt)
