import { corrupt } from '../journal/failures.ts'
import { mustFit } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'

/** What a store keeps beside its journals: collections of small JSON documents. */
export type Collection = 'charts' | 'commands' | 'hosts' | 'misfits' | 'pauses' | 'schedules'

/** A document as it is in the store. `parseDocument` makes a value of it. */
export interface StoredDocument {
  readonly name: string
  /** Where it is. It appears in messages. */
  readonly place: string
  /** Its JSON, or why it cannot be read, for example because it is a folder. */
  readonly content: string | Error
}

/** A document that cannot be parsed. It is kept and reported, and stops nothing. */
export interface CorruptDocument {
  readonly collection: Collection
  readonly name: string
  /** ERR_STORE_CORRUPT. */
  readonly error: Error
}

/**
 * The small documents of a store. Names have 1 to 200 characters of `A-Z`, `a-z`, `0-9` and
 * `@+._-`, and begin with a letter or digit.
 *
 * @throws ERR_STORE_MISSING, ERR_STORE_READ, ERR_STORE_WRITE
 */
export interface Documents {
  /**
   * The documents of a collection, sorted by name. Documents for whose name `isWanted` returns
   * false are not read.
   */
  list(collection: Collection, isWanted?: (name: string) => boolean): Promise<StoredDocument[]>
  /** One document, or `undefined` if there is none of this name. */
  get(collection: Collection, name: string): Promise<StoredDocument | undefined>
  /**
   * Adds or replaces a document, in one step. After a rejection, the document may be the old or the
   * new one.
   */
  put(collection: Collection, name: string, json: string): Promise<void>
  /** Removes a document. Returns whether it existed. */
  delete(collection: Collection, name: string): Promise<boolean>
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9@+._-]{0,199}$/

export const isDocumentName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text)

/**
 * Makes a value of a stored document: the one door for documents that are read.
 *
 * @throws ERR_STORE_CORRUPT
 */
export function parseDocument<T>({ name, place, content }: StoredDocument, schemaOf: (name: string) => Schema): T {
  try {
    if (typeof content !== 'string') throw content
    const value: unknown = JSON.parse(content)
    mustFit(schemaOf(name), value)
    return value as T
  } catch (error) {
    throw corrupt(place, error)
  }
}

/**
 * The values of the documents of a collection. Each document that cannot be parsed is passed to
 * `onCorrupt`.
 *
 * @param schemaOf the schema of a document by its name: it has to say what its name says
 */
export async function readDocuments<T>(
  documents: Documents,
  collection: Collection,
  schemaOf: (name: string) => Schema,
  onCorrupt?: (document: CorruptDocument) => void,
  isWanted?: (name: string) => boolean,
): Promise<T[]> {
  const values: T[] = []
  for (const document of await documents.list(collection, isWanted)) {
    try {
      values.push(parseDocument<T>(document, schemaOf))
    } catch (error) {
      onCorrupt?.({ collection, name: document.name, error: error as Error })
    }
  }
  return values
}
