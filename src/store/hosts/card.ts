import os from 'node:os'
import { integer, object, oneOf, optional, text, time } from '../../record/schema.ts'
import type { Schema } from '../../record/schema.ts'
import { readDocuments } from '../documents.ts'
import type { CorruptDocument, Documents } from '../documents.ts'
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

export const cardSchemaOf = (document: string): Schema =>
  object<HostCard>({ id: oneOf(document), osPid: integer, hostname: text, startedAt: time, bootId: optional(text) })

export const readCards = (documents: Documents, onCorrupt?: (document: CorruptDocument) => void): Promise<HostCard[]> =>
  readDocuments(documents, 'hosts', cardSchemaOf, onCorrupt)
