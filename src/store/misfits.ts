import type { Misfit } from '../record/host.ts'
import { integer, object, oneOf, text, time } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'
import type { Store } from './store.ts'

/** Why a host left a process alone, as it stands in the store. `at` is epoch milliseconds. */
export interface StoredMisfit extends Misfit {
  readonly pid: string
  /** What is said of an older record than the newest holds no longer: another host went on. */
  readonly revision: number
  readonly at: number
}

/**
 * Keeps why a host leaves a process alone. There is one document per process: the newest counts.
 */
export const putMisfit = (documents: Documents, misfit: StoredMisfit): Promise<void> =>
  documents.put('misfits', misfit.pid, JSON.stringify(misfit))

export const readMisfits = (
  documents: Documents,
  onCorrupt?: (document: CorruptDocument) => void,
  isWanted?: (pid: string) => boolean,
): Promise<StoredMisfit[]> => readDocuments(documents, 'misfits', schemaOf, onCorrupt, isWanted)

/** Deletes what is said of processes that have gone on, have ended, or are deleted. */
export async function sweepMisfits(store: Pick<Store, 'documents' | 'get'>): Promise<void> {
  for (const { pid, revision } of await readMisfits(store.documents)) {
    const found = await store.get(pid)
    if (found?.record.revision !== revision) await store.documents.delete('misfits', pid)
  }
}

const schemaOf = (document: string): Schema =>
  object<StoredMisfit>({ pid: oneOf(document), host: text, reason: text, message: text, revision: integer, at: time })
