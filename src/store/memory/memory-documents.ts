import { show } from '../../record/show.ts'
import { isDocumentName } from '../documents.ts'
import type { Collection, Documents, StoredDocument } from '../documents.ts'

/** Documents as JSON, so that their data is exactly what JSON keeps. */
export class MemoryDocuments implements Documents {
  readonly #documents = new Map<Collection, Map<string, string>>()

  async list(collection: Collection, isWanted: (name: string) => boolean = () => true): Promise<StoredDocument[]> {
    return [...this.#of(collection).keys()]
      .filter(isWanted)
      .toSorted()
      .flatMap(name => this.#read(collection, name) ?? [])
  }

  async get(collection: Collection, name: string): Promise<StoredDocument | undefined> {
    return this.#read(collection, name)
  }

  async put(collection: Collection, name: string, json: string): Promise<void> {
    if (!isDocumentName(name)) throw new TypeError(`A document of a store cannot be called ${show(name)}`)
    this.#of(collection).set(name, json)
  }

  async delete(collection: Collection, name: string): Promise<boolean> {
    return this.#of(collection).delete(name)
  }

  #read(collection: Collection, name: string): StoredDocument | undefined {
    const content = this.#of(collection).get(name)
    return content === undefined ? undefined : { name, place: `memory (${collection}, ${name})`, content }
  }

  #of(collection: Collection): Map<string, string> {
    const found = this.#documents.get(collection) ?? new Map<string, string>()
    this.#documents.set(collection, found)
    return found
  }
}
