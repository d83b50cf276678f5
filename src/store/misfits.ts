import type { Misfit, StoredProcess } from '../record/host.ts'
import { isFinal, isSubmission } from '../record/record.ts'
import { integer, object, oneOf, text, time } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'
import type { Store } from './store.ts'

/** Why a host left a process alone, as it stands in the store. `at` is epoch milliseconds. */
interface StoredMisfit extends Misfit {
  readonly pid: string
  /** What is said of an older record than the newest holds no longer: another host went on. */
  readonly revision: number
  readonly at: number
}

/** Keeps why a host leaves a process alone. There is one document per process: the newest counts. */
export const putMisfit = (documents: Documents, misfit: StoredMisfit): Promise<void> =>
  documents.put('misfits', misfit.pid, JSON.stringify(misfit))

export const readMisfits = (
  documents: Documents,
  onCorrupt?: (document: CorruptDocument) => void,
  isWanted?: (pid: string) => boolean,
): Promise<StoredMisfit[]> => readDocuments(documents, 'misfits', schemaOf, onCorrupt, isWanted)

/** A process that no living host has may have been left alone by one. */
const mayBeLeft = ({ record, host }: StoredProcess): boolean =>
  !isFinal(record.status) && !isSubmission(record) && (host === undefined || host.state === 'dead')

/** Adds to a process why a host left it alone. */
export async function withMisfit(documents: Documents, stored: StoredProcess): Promise<StoredProcess> {
  const { pid } = stored.record
  return mayBeLeft(stored) ? join(stored, await readMisfits(documents, undefined, name => name === pid)) : stored
}

/** Returns a function that does what `withMisfit` does, for many processes: it reads all misfits once. */
export function withMisfits(documents: Documents): (stored: StoredProcess) => Promise<StoredProcess> {
  let all: Promise<StoredMisfit[]> | undefined
  return async stored => (mayBeLeft(stored) ? join(stored, await (all ??= readMisfits(documents))) : stored)
}

function join(stored: StoredProcess, misfits: readonly StoredMisfit[]): StoredProcess {
  const { pid, revision } = stored.record
  const found = misfits.find(misfit => misfit.pid === pid && misfit.revision === revision)
  return found ? { ...stored, misfit: { host: found.host, reason: found.reason, message: found.message } } : stored
}

/** Deletes what is said of processes that have gone on, have ended, or are deleted. */
export async function sweepMisfits(store: Pick<Store, 'documents' | 'get'>): Promise<void> {
  for (const { pid, revision } of await readMisfits(store.documents)) {
    const found = await store.get(pid)
    if (found?.record.revision !== revision) await store.documents.delete('misfits', pid)
  }
}

const schemaOf = (document: string): Schema =>
  object<StoredMisfit>({ pid: oneOf(document), host: text, reason: text, message: text, revision: integer, at: time })
