import { object, oneOf, time } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'

/** A definition of which nothing begins. `at` is epoch milliseconds. */
export interface StoredPause {
  readonly name: string
  readonly at: number
}

/** Pauses a definition, unless it is paused: then the time stays. */
export async function putPause(documents: Documents, pause: StoredPause): Promise<void> {
  if ((await documents.get('pauses', pause.name)) === undefined)
    await documents.put('pauses', pause.name, JSON.stringify(pause))
}

export const deletePause = (documents: Documents, name: string): Promise<boolean> => documents.delete('pauses', name)

export const readPauses = (
  documents: Documents,
  onCorrupt?: (document: CorruptDocument) => void,
  isWanted?: (name: string) => boolean,
): Promise<StoredPause[]> => readDocuments(documents, 'pauses', schemaOf, onCorrupt, isWanted)

const schemaOf = (document: string): Schema => object<StoredPause>({ name: oneOf(document), at: time })
