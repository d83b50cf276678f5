import { corrupt } from '../journal/failures.ts'

/** What a store keeps beside its journals: small JSON documents, each with a name within its collection. */
export type Collection = 'charts' | 'commands' | 'hosts' | 'schedules'

/** A document as it is in the store. Whether it makes sense is for its reader to say: `parseDocument`. */
export interface StoredDocument {
  readonly name: string
  /** Where it is, for messages. */
  readonly place: string
  /** Its JSON, or why it cannot be read: a folder may stand in its place. */
  readonly content: string | Error
}

/** A document that cannot be understood. It is kept, told, and in nobody's way. */
export interface CorruptDocument {
  readonly collection: Collection
  readonly name: string
  /** ERR_STORE_CORRUPT. */
  readonly error: Error
}

/**
 * The small documents of a store. Names are 1 to 200 characters of A-Z, a-z, 0-9 and `@+._-`, and begin with a letter or digit.
 *
 * @throws ERR_STORE_MISSING, ERR_STORE_READ, ERR_STORE_WRITE
 */
export interface Documents {
  /** Sorted by name. Only those whose name `isWanted` says yes to are read. */
  list(collection: Collection, isWanted?: (name: string) => boolean): Promise<StoredDocument[]>
  get(collection: Collection, name: string): Promise<StoredDocument | undefined>
  /** Adds a document, or replaces it, in one step. After a rejection the document may be the old one or the new one. */
  put(collection: Collection, name: string, json: string): Promise<void>
  /** Returns whether it was there. */
  delete(collection: Collection, name: string): Promise<boolean>
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9@+._-]{0,199}$/

export const isDocumentName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text)

/**
 * The one way from a stored document to its value.
 *
 * @param parse throws what is wrong with a value
 * @throws ERR_STORE_CORRUPT
 */
export function parseDocument<T>({ place, content }: StoredDocument, parse: (value: unknown) => T): T {
  try {
    if (typeof content !== 'string') throw content
    return parse(JSON.parse(content))
  } catch (error) {
    throw corrupt(place, error)
  }
}

/** The values of a collection's documents, without those that make no sense: `onCorrupt` is told of each. */
export async function readDocuments<T>(
  documents: Documents,
  collection: Collection,
  parse: (value: unknown, name: string) => T,
  onCorrupt?: (document: CorruptDocument) => void,
  isWanted?: (name: string) => boolean,
): Promise<T[]> {
  const values: T[] = []
  for (const document of await documents.list(collection, isWanted)) {
    const { name } = document
    try {
      values.push(parseDocument(document, value => parse(value, name)))
    } catch (error) {
      onCorrupt?.({ collection, name, error: error as Error })
    }
  }
  return values
}
